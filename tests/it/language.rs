//! The language of a response.

use actix_web::test::TestRequest;
use openhexa_bridge::http::Language;

fn of(header: &str) -> &'static str {
    let request = TestRequest::default().insert_header(("accept-language", header));
    Language::of(request.to_http_request().headers()).code()
}

#[test]
fn french_with_quality_zero_is_not_used() {
    for (header, language) in [
        ("fr;q=0", "en"),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=0.0, *", "en"),
        ("fr-CM;q=0", "en"),
        ("en;q=0, fr;q=0", "en"),
        ("en;q=0, *", "fr"),
        ("en;q=0, *;q=0", "en"),
    ] {
        assert_eq!(of(header), language, "{header}");
    }
}

#[test]
fn the_language_with_the_highest_quality_is_used() {
    for (header, language) in [
        ("", "en"),
        ("fr", "fr"),
        ("FR-cm", "fr"),
        ("fr-CM,fr;q=0.9", "fr"),
        ("fr;q=0.9, en", "en"),
        ("en;q=0.8, fr;q=0.9", "fr"),
        ("fr;q=0.5, en;q=0.5", "fr"),
        ("en, fr", "en"),
        ("fr, en", "fr"),
        ("de", "en"),
        ("de, fr;q=0.1", "fr"),
        ("*", "en"),
        ("fr;q=NaN", "en"),
        ("fr;q=9", "fr"),
        (",,;,fr", "fr"),
    ] {
        assert_eq!(of(header), language, "{header}");
    }
}
