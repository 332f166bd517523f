//! The line of an error text that says what went wrong: of a Python traceback, the exception.

use openhexa_bridge::domain::traceback::{error_line, error_line_of_log, is_traceback};
use proptest::collection::vec;
use proptest::prelude::*;

#[track_caller]
fn says(text: &str, line: &str) {
    assert_eq!(error_line(text), line, "{text}");
}

const PLAIN: &str = "Traceback (most recent call last):
  File \"pipeline.py\", line 34, in <module>
    iaso_task()
    ~~~~~~~~~^^
  File \"venv/lib/python3.13/site-packages/openhexa/sdk/pipelines/pipeline.py\", line 301, in __call__
    self.run(config)
  [Previous line repeated 3 more times]
  File \"pipeline.py\", line 17, in iaso_task
    raise ValueError(\"no column 'district'\")
ValueError: no column 'district'
";

#[test]
fn of_a_traceback_it_is_the_exception() {
    says(PLAIN, "ValueError: no column 'district'");
    says(
        &format!("{PLAIN}2026-11-21 container stopped\n"),
        "ValueError: no column 'district'",
    );
    says(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    stop()\nKeyboardInterrupt\n",
        "KeyboardInterrupt",
    );
    says(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    b\nopenhexa.sdk.pipelines.exceptions.ParameterValueError: country_id is required",
        "openhexa.sdk.pipelines.exceptions.ParameterValueError: country_id is required",
    );
    assert_eq!(error_line_of_log(PLAIN), "ValueError: no column 'district'");
}

#[test]
fn of_chained_exceptions_it_is_the_last() {
    for link in [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ] {
        let text = format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    d['a']\nKeyError: 'a'\n\n{link}\n\n{PLAIN}"
        );
        says(&text, "ValueError: no column 'district'");
    }
}

#[test]
fn of_a_message_of_several_lines_it_is_the_first() {
    says(
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    run()\nsqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation \"x\" does not exist\nLINE 1: SELECT * FROM x\n                      ^\n\n[SQL: SELECT * FROM x]\n(Background on this error at: https://sqlalche.me/e/20/f405)\n",
        "sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation \"x\" does not exist",
    );
    says(
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    run()\nValueError:\n\n  two columns are missing\n  and more\n",
        "ValueError: two columns are missing",
    );
}

#[test]
fn of_a_syntax_error_it_is_not_the_caret() {
    let text = "  File \"<string>\", line 1\n    x = =\n        ^\nSyntaxError: invalid syntax\n";
    says(text, "SyntaxError: invalid syntax");
    says(text.trim(), "SyntaxError: invalid syntax");
    says(
        &format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    import b\n{text}"
        ),
        "SyntaxError: invalid syntax",
    );
}

/// As papermill raises it for a notebook: Jupyter's traceback is in the message of papermill's.
#[test]
fn of_a_notebook_it_is_the_exception_of_the_cell() {
    let text = "Traceback (most recent call last):
  File \"/app/run.py\", line 8, in <module>
    papermill.execute_notebook(\"in.ipynb\", \"out.ipynb\")
  File \"/lib/papermill/execute.py\", line 251, in raise_for_execution_errors
    raise error
papermill.exceptions.PapermillExecutionError: 
---------------------------------------------------------------------------
Exception encountered at \"In [2]\":
---------------------------------------------------------------------------
\u{1b}[0;31mValueError\u{1b}[0m                                Traceback (most recent call last)
Cell \u{1b}[0;32mIn[2], line 3\u{1b}[0m
      1 import pandas
      2 ValueError
----> 3 raise ValueError(\"no column 'district'\\n\")

\u{1b}[0;31mValueError\u{1b}[0m: no column 'district'
Columns: a, b
";
    says(text, "ValueError: no column 'district'");
    assert!(is_traceback(text));
}

#[test]
fn of_a_group_it_is_its_last_exception() {
    let text = "  + Exception Group Traceback (most recent call last):
  |   File \"a.py\", line 1, in <module>
  |     raise ExceptionGroup('two', all)
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File \"a.py\", line 1, in f
    | ValueError: first
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File \"a.py\", line 1, in g
    | KeyError: 'second'
    +------------------------------------
";
    says(text, "KeyError: 'second'");
}

#[test]
fn without_a_traceback_it_is_the_first_line_that_says_something() {
    for (text, line) in [
        ("", ""),
        ("\n---\n  \n", ""),
        ("No rain", "No rain"),
        (
            "\n-----\n  Sheet ‘Stock’ has no column\nsecond",
            "Sheet ‘Stock’ has no column",
        ),
        (
            "Échec\u{1b}[1m : \u{1b}[0mfichier absent",
            "Échec : fichier absent",
        ),
    ] {
        says(text, line);
    }
    assert!(!is_traceback("The traceback is in the log, File 3, line 4"));
}

#[test]
fn of_the_end_of_a_log_without_a_traceback_it_is_the_last_line() {
    let log = "Running the pipeline with the docker spawner\nStarting\nKilled: out of memory\n\n";
    assert_eq!(error_line_of_log(log), "Killed: out of memory");
    let cut = "    run()\n  File \"a.py\", line 3, in f\n    g()\nValueError: cut\n";
    assert_eq!(error_line_of_log(cut), "ValueError: cut");
}

/// A traceback that says where it was and ends.
fn traceback() -> impl Strategy<Value = (String, String)> {
    let frame = ("[a-z]{1,8}", 1_u32..9999, "[ a-z()=.:'-]{1,30}");
    let name = "[a-z]{1,6}\\.[A-Z][a-z]{1,8}(Error|Exception)";
    let message = "[a-zA-Z0-9'\" .,;/-]{1,60}[a-z]";
    (
        vec(frame, 1..6),
        name,
        message,
        vec("[ a-z0-9:]{0,20}", 0..4),
    )
        .prop_map(|(frames, name, message, more)| {
            let frame = |(function, line, source): (String, u32, String)| {
                format!("  File \"{function}.py\", line {line}, in {function}\n    {source}\n")
            };
            let frames: String = frames.into_iter().map(frame).collect();
            let last = format!("{name}: {message}").trim().to_owned();
            let more = more.join("\n");
            let text = format!("Traceback (most recent call last):\n{frames}{last}\n{more}\n");
            (text, last)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_exception_of_the_last_traceback_is_found(all in vec(traceback(), 1..4), before in "[ -~\\n]{0,60}") {
        let texts: Vec<&str> = all.iter().map(|(text, _)| text.as_str()).collect();
        let joined = texts.join("\nDuring handling of the above exception, another exception occurred:\n\n");
        let (_, last) = all.last().unwrap();
        let text = format!("{before}\n{joined}");
        prop_assert_eq!(&error_line(&text), last);
        prop_assert_eq!(&error_line_of_log(&text), last);
    }

    #[test]
    fn any_text_has_one_line(text in "(?s)(Traceback \\(most recent call last\\)|File \"a\", line 1|\u{1b}\\[|[| +\\n]|.){0,60}") {
        for line in [error_line(&text), error_line_of_log(&text)] {
            let is_odd = |letter: char| letter.is_control() && letter != '\t';
            prop_assert!(!line.contains(is_odd), "one line");
            prop_assert_eq!(line.trim(), line.as_str());
        }
    }

    #[test]
    fn a_plain_text_keeps_its_first_line(lines in vec("[a-z]{1,10}( [a-z0-9,]{1,10}){0,4}", 1..6)) {
        prop_assert_eq!(&error_line(&lines.join("\n")), &lines[0]);
        prop_assert_eq!(&error_line_of_log(&lines.join("\n")), &lines[lines.len() - 1]);
    }
}
