//! Unusual code: a pipeline that cannot be read affects no other, and codes are derived as in OpenHEXA.

use super::*;

/// Folders that contain one pipeline each.
fn folders(codes: &[(&str, &str)]) -> TempDir {
    let folder = new_folder();
    for (name, code) in codes {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("pipeline.py"), code).unwrap();
    }
    folder
}

async fn all(story: &Story) -> Value {
    let query = "{ pipelines(perPage: 100) { items { code currentVersion { timeout parameters { code choicesFromFile { path column } } } } } }";
    story.ask(query, json!({})).await.data()["pipelines"]["items"].clone()
}

async fn codes(story: &Story) -> Vec<String> {
    let all = all(story).await;
    let codes = all.as_array().unwrap().iter();
    codes
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

fn odd(decorators: &str) -> String {
    format!("from openhexa.sdk import *\n{decorators}\ndef odd(**values):\n    pass\n")
}

#[actix_web::test]
async fn one_invalid_pipeline_is_left_out_and_others_are_listed() {
    let odds = [
        "@pipeline(\"Odd\", timeout=3600.0)",
        "@pipeline(\"Odd\", timeout=True)",
        "@pipeline(\"Odd\", timeout=\"1h\")",
        "@pipeline(5)",
        "@pipeline(\"\\ud83d\")",
        "@pipeline(\"Odd\")\n@parameter(\"aa\", type=float, default=1e999)",
        "@pipeline(\"Odd\")\n@parameter(\"aa\", type=str, default=b\"x\")",
        "@pipeline(\"Odd\")\n@parameter(\"aa\", type=str, required=\"no\")",
        "@pipeline(\"Odd\")\n@parameter(\"aa\", type=str, choices=7)",
    ];
    for (place, decorators) in odds.iter().enumerate() {
        let code = odd(decorators);
        let both = folders(&[("fine", TALKATIVE), ("odd", &code)]);
        for python in [python(), PathBuf::from("python3")] {
            let story = start(both.path(), &python).await;
            assert_eq!(codes(&story).await, ["talkative"], "{place}: {decorators}");
        }
    }
}

#[actix_web::test]
async fn choices_from_a_file_are_read_without_the_sdk() {
    let code = odd(
        "@pipeline(\"Files\")\n@parameter(\"aa\", type=str, choices=\"d.json\")\n\
        @parameter(\"bb\", type=str, choices=ChoicesFromFile(\"d.csv\", column=\"name\"))",
    );
    let both = folders(&[("fine", TALKATIVE), ("files", &code)]);
    for python in [python(), PathBuf::from("python3")] {
        let story = start(both.path(), &python).await;
        let all = all(&story).await;
        let mut parameters = all[0]["currentVersion"]["parameters"]
            .as_array()
            .unwrap()
            .clone();
        parameters.sort_by_key(|one| one["code"].to_string());
        assert_eq!(
            parameters,
            [
                json!({"code": "aa", "choicesFromFile": {"path": "d.json", "column": null}}),
                json!({"code": "bb", "choicesFromFile": {"path": "d.csv", "column": "name"}}),
            ],
            "{all}"
        );
        assert_eq!(codes(&story).await.len(), 2);
    }
}

/// Names with the code that python-slugify 9.2 derives from them.
const SLUGS: [(&str, &str); 24] = [
    ("données – été", "donnees-ete"),
    ("L'été à Zürich", "l-ete-a-zurich"),
    ("L’eau d’ici", "leau-dici"),
    ("Œuvre cœur naïve façade", "oeuvre-coeur-naive-facade"),
    ("Straße Größe", "strasse-grosse"),
    ("São Tomé e Príncipe", "sao-tome-e-principe"),
    ("Łódź Kraków żółć", "lodz-krakow-zolc"),
    ("Đồng bằng sông Cửu Long", "dong-bang-song-cuu-long"),
    ("Yorùbá ẹ̀kọ́ ɓɗƙ", "yoruba-eko-bdk"),
    ("Ελληνικά δεδομένα", "ellenika-dedomena"),
    ("Україна Київ їжак", "ukraina-kiiv-izhak"),
    ("بيانات الصحة", "bynt-lsh"),
    ("אמת עברית", "mt-bryt"),
    ("አማርኛ መረጃ", "amaarenyaa-marajaa"),
    ("हिन्दी डेटा", "hindii-ddettaa"),
    ("ภาษาไทย", "phaasaaaithy"),
    ("北京市 数据 2024", "bei-jing-shi-shu-ju-2024"),
    ("日本語データ", "ri-ben-yu-teta"),
    ("한국어 데이터", "hangugeo-deiteo"),
    ("1,000 foyers, 12,5 €", "1000-foyers-125-eur"),
    ("ﬁnal ½ №", "final-1-2-no"),
    ("😀 santé 🏥", "sante"),
    ("Données_2024.v2", "donnees-2024-v2"),
    ("  --x--  ", "x"),
];

#[actix_web::test]
async fn codes_of_accented_and_non_latin_names_match_openhexas() {
    let names = SLUGS.map(|(name, _)| odd(&format!("@pipeline({})", json!(name))));
    let numbered: Vec<String> = (100..)
        .take(SLUGS.len())
        .map(|number: u32| number.to_string())
        .collect();
    let all: Vec<(&str, &str)> = numbered
        .iter()
        .map(String::as_str)
        .zip(names.iter().map(String::as_str))
        .collect();
    let story = start(folders(&all).path(), &python()).await;
    let mut found = codes(&story).await;
    let mut wanted = SLUGS.map(|(_, slug)| slug.to_owned());
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}
