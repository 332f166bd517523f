//! A message as it is sent: the signed request of a webhook, or an e-mail in the language of its channel.

use chrono::{DateTime, Utc};

use crate::domain::message::say;
use crate::domain::notification::{Channel, ChannelLanguage, Delivery};
use crate::domain::webhook::{RotatingSecret, SignedParts, sign};
use crate::language::Language;
use crate::outgoing::{Letter, SignedMessage};

/// With the time and the signatures of this try; id and body are the same for all tries.
pub fn request(
    delivery: &Delivery,
    (url, secret): (&str, &RotatingSecret),
    public_url: &str,
    now: DateTime<Utc>,
) -> SignedMessage {
    let id = delivery.message_id();
    let timestamp = now.timestamp().to_string();
    let body = delivery.notice.body(public_url, delivery.created_at);
    let body = body.to_string().into_bytes();
    let parts = SignedParts {
        id: &id,
        timestamp: &timestamp,
        body: &body,
    };
    SignedMessage {
        signature: sign(&secret.valid(now), parts),
        url: url.to_owned(),
        id,
        timestamp,
        body,
    }
}

/// `to` are all recipients of the channel.
pub fn letter(delivery: &Delivery, channel: &Channel, to: &[String], public_url: &str) -> Letter {
    let notice = &delivery.notice;
    let (words, language) = (channel.language, language_of(channel.language));
    let title = words.of(&notice.title);
    let details: Vec<&str> = notice.details.iter().map(|one| words.of(one)).collect();
    let url = notice.url(public_url);
    let label = language.translate(&say("notification-mail-link"));
    let about = language.translate(&say("notification-mail-about").with("name", &channel.name));
    let paragraphs = details.iter().map(|one| format!("<p>{}</p>", lines(one)));
    let paragraphs: String = paragraphs.collect();
    Letter {
        id: delivery.message_id(),
        date: delivery.created_at,
        subject: title.to_owned(),
        plain: [
            &[title][..],
            &details,
            &[&format!("{label}\n{url}")],
            &[&format!("-- \n{about}")],
        ]
        .concat()
        .join("\n\n"),
        html: format!(
            "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body>\
             <h1 style=\"font-size:1.2em\">{title}</h1>{paragraphs}<p><a href=\"{url}\">{label}</a></p>\
             <p style=\"color:#555\"><small>{about}</small></p></body></html>",
            language.code(),
            title = escaped(title),
            url = escaped(&url),
            label = escaped(&label),
            about = escaped(&about),
        ),
        to: to.to_vec(),
    }
}

fn language_of(language: ChannelLanguage) -> Language {
    match language {
        ChannelLanguage::English => Language::English,
        ChannelLanguage::French => Language::French,
    }
}

/// HTML of a text that can have several lines.
fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>")
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
