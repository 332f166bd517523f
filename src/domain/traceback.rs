//! The line of an error text that says what went wrong. Of a Python traceback it is the exception, which comes last:
//! the start of a traceback only says where the program was.
//!
//! Texts come from pipelines, and from the end of a run's log, where the start of a traceback can be missing.

/// The header of a traceback. Jupyter, and so papermill, writes the name of the exception before it.
const HEADER: &str = "Traceback (most recent call last)";

/// Whether the text contains a Python traceback.
pub fn is_traceback(text: &str) -> bool {
    text.lines().any(|line| is_header(line) || is_frame(line))
}

/// The exception of the last traceback in the text, or the first line that says something if there is none. Empty if
/// no line does.
pub fn error_line(text: &str) -> String {
    let text = without_colours(text);
    let lines = lines(&text);
    let found = exception(&lines).or_else(|| first(&lines));
    found.unwrap_or_default()
}

/// The same for the end of a log. Without a traceback, the last line says most: the first one is only where the text
/// was cut.
pub fn error_line_of_log(text: &str) -> String {
    let text = without_colours(text);
    let lines = lines(&text);
    let found =
        exception(&lines).or_else(|| first(&lines.iter().rev().copied().collect::<Vec<_>>()));
    found.unwrap_or_default()
}

/// The text without the escape sequences with which terminals colour it, and without other control characters.
pub fn without_colours(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' && letters.next_if_eq(&'[').is_some() {
            while letters
                .next_if(|own| own.is_ascii_digit() || matches!(own, ';' | '?' | ':'))
                .is_some()
            {}
            let _ = letters.next_if(char::is_ascii_alphabetic);
        } else if !letter.is_control() || matches!(letter, '\n' | '\t') {
            shown.push(letter);
        }
    }
    shown
}

fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| without_margin(line).trim_end())
        .collect()
}

/// Without the margin that Python draws beside the exceptions of a group: `  |   File …`, `    +---- 2 ----`.
fn without_margin(line: &str) -> &str {
    let bare = line.trim_start();
    let is_drawn = bare.len() < line.len() && bare.starts_with(['|', '+']);
    if is_drawn {
        let inside = &bare[1..];
        return inside.strip_prefix(' ').unwrap_or(inside);
    }
    line
}

fn exception(lines: &[&str]) -> Option<String> {
    let last = lines
        .iter()
        .rposition(|line| is_header(line) || is_frame(line))?;
    let found = match name_in_header(lines[last]) {
        Some(name) => named(lines, last, name),
        None => after_frames(lines, last),
    };
    let found = found.or_else(|| any_named(lines))?;
    Some(with_next_line(lines, found))
}

fn is_header(line: &str) -> bool {
    line.contains(HEADER)
}

/// `File "pipeline.py", line 17, in iaso_task`
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("File \"") && line.contains("\", line ")
}

/// The name before Jupyter's header: `ValueError      Traceback (most recent call last)`.
fn name_in_header(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(HEADER)?;
    let name = name.trim();
    is_name(name).then_some(name)
}

/// The last line of this exception after its header.
fn named(lines: &[&str], header: usize, name: &str) -> Option<usize> {
    let is_of = |line: &str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let after = lines[header + 1..].iter().rposition(|line| is_of(line))?;
    Some(header + 1 + after)
}

/// The first line after the last frame that is not indented like the frames: source lines and carets are.
fn after_frames(lines: &[&str], last: usize) -> Option<usize> {
    // A frame is indented more than its header, which is where the exception starts too.
    let most = indent(lines[last]) + usize::from(is_header(lines[last]));
    let is_end = |line: &str| indent(line) < most;
    let after = lines[last + 1..]
        .iter()
        .position(|line| !line.trim().is_empty() && is_end(line))?;
    Some(last + 1 + after)
}

/// The last line that starts with the name of an exception.
fn any_named(lines: &[&str]) -> Option<usize> {
    let is_exception = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        let ends = ["Error", "Exception", "Interrupt", "Exit"];
        is_name(name) && ends.iter().any(|end| name.ends_with(end))
    };
    lines.iter().rposition(|line| is_exception(line.trim()))
}

fn is_name(text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && text.chars().all(is_part)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line, with the next one if the message of the exception starts there.
fn with_next_line(lines: &[&str], at: usize) -> String {
    let line = lines[at].trim();
    let next = first(&lines[at + 1..]).filter(|_| line.ends_with(':'));
    next.map_or_else(|| line.to_owned(), |next| format!("{line} {next}"))
}

/// The first line with a letter or a digit: others are rules such as `-----`.
fn first(lines: &[&str]) -> Option<String> {
    let says =
        |line: &&&str| line.contains(char::is_alphanumeric) && !is_header(line) && !is_frame(line);
    lines.iter().find(says).map(|line| line.trim().to_owned())
}
