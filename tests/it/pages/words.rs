//! What pages say to those who are not programmers: numbers in their manner, and what went wrong by its name.

use serde_json::{Value, json};

use super::{Form, Page};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Plan, Story, story};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

#[track_caller]
fn title(page: &Page) -> String {
    let document = page.parse();
    let title = document
        .descendants()
        .find(|node| node.has_tag_name("title"));
    super::words(title.unwrap())
}

async fn with_defaults(plan: Plan, parameters: &[Value], values: Value) -> Story {
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": values}]});
    let plan = plan.pipelines(json!([pipeline(1, parameters, quick("succeed"))]));
    plan.content(&defaults).begin().await
}

story! {
    async fn numbers_beside_a_box_are_the_readers_and_those_in_it_are_as_they_are_sent(base) {
        let parameters = [
            parameter("target", "float", json!({})), parameter("org_unit_id", "int", json!({})), parameter("note", "str", json!({})),
        ];
        let values = json!({"target": 12371.5, "org_unit_id": 12371, "note": "mine"});
        let story = with_defaults(Plan::on(base), &parameters, values).await;
        let page = story.page(As::Operator, &path()).await;
        let french = story.french_page(As::Operator, &path()).await;
        for (page, told) in [(&page, "12,371.5"), (&french, "12\u{202f}371,5")] {
            assert!(page.at("field-target-box").contains(&told.replace('\u{202f}', " ")) || page.at("field-target-box").contains(told), "{}", page.text());
            assert_eq!(page.attribute("field-target", "value").unwrap(), "12371.5");
            assert!(page.at("field-org_unit_id-box").contains(" 12371"), "{}", page.text());
        }
        assert!(page.at("field-target-hint").ends_with("Empty: 12,371.5 (default of the account)."), "{}", page.text());
        assert!(french.at("field-note-hint").ends_with("Vide : aucune valeur."), "{}", french.text());
        let form = page.form(&path()).fill("config.note", &[""]);
        story.send_on(As::Operator, &form).await;
        let config = story.runs().await[0]["config"].clone();
        assert_eq!((&config["note"], &config["target"]), (&Value::Null, &json!(12371.5)), "as the page said");
        story.end().await;
    }
}

story! {
    async fn a_refused_page_says_so_in_its_title(base) {
        let story = with_defaults(Plan::on(base), &[parameter("lots", "int", json!({}))], json!({})).await;
        let page = story.page(As::Operator, &path()).await;
        assert!(title(&page).starts_with("Pipeline 1"), "{}", title(&page));
        let refused = story.refused(As::Operator, &page.form(&path()).fill("config.lots", &["many"]), 400).await;
        assert!(title(&refused).starts_with("Error: Pipeline 1"), "{}", title(&refused));
        assert!(!refused.answer.text.contains("aria-describedby=\"\""));
        story.end().await;
    }
}

story! {
    async fn a_file_of_choices_that_is_missing_is_named_at_its_field(base) {
        let file = json!({"path": "reference/none.csv", "format": "csv", "column": "name"});
        let parameters = [parameter("district", "str", json!({"choicesFromFile": file}))];
        let story = with_defaults(Plan::on(base), &parameters, json!({})).await;
        let mut form = story.page(As::Operator, &path()).await.form(&path());
        form.action = format!("{}choices/", form.action);
        form.pairs.push(("load".to_owned(), "district".to_owned()));
        let page = super::Page::of(story.send(As::Operator, &form).await, 200);
        assert!(page.at("field-district-hint").contains("Choices file 'reference/none.csv' not found"), "{}", page.text());
        story.end().await;
    }
}

story! {
    async fn a_test_of_an_unknown_workspace_says_what_cannot_be_told_and_why(base) {
        let story = with_defaults(Plan::on(base), &[], json!({})).await;
        let settings = "/dashboard/settings/";
        let form = story.page(As::Admin, settings).await.form(settings).fill("workspace_slug", &["nowhere"]);
        let form = Form { action: format!("{settings}check/"), ..form };
        let page = story.refused(As::Admin, &form, 200).await;
        let told = page.at("checks");
        for text in ["There is no such workspace", "which pipelines can be listed", "whether the token may launch", "whether the token may stop"] {
            assert_eq!(told.matches(text).count(), 1, "{text}: {told}");
        }
        assert!(!told.contains("0 pipelines") && !told.contains("no pipeline to ask"), "{told}");
        let form = Form { action: format!("{settings}check/"), ..story.page(As::Admin, settings).await.form(settings) };
        let page = story.refused(As::Admin, &form, 200).await;
        assert!(page.at("checks").contains("1 pipeline can be listed"), "{}", page.text());
        story.end().await;
    }
}
