//! Query parameters, each refused by name.

use actix_web::HttpRequest;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use crate::domain::sentence::say;
use crate::http::error::{Answer, Problem};

const MOST: usize = 200;

/// The parameters of a request; an empty one counts as absent.
pub struct Query(Vec<(String, String)>);

/// A page (from 1) of so many.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub page: usize,
    pub limit: usize,
}

impl Part {
    pub fn skip(self) -> usize {
        (self.page - 1).saturating_mul(self.limit)
    }
}

impl Query {
    pub fn of(request: &HttpRequest) -> Self {
        Self(
            form_urlencoded::parse(request.query_string().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// A parameter that counts even where it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.trim())
    }

    /// None when the caller asks for no limit, and so for everything.
    pub fn part(&self) -> Answer<Option<Part>> {
        let page = self.number("page", 1_000_000_000)?.unwrap_or(1);
        let limit = self.number("limit", MOST)?;
        Ok(limit.map(|limit| Part { page, limit }))
    }

    pub fn part_or(&self, usual: usize) -> Answer<Part> {
        let page = self.number("page", 1_000_000_000)?.unwrap_or(1);
        let limit = self.limit_or(usual)?;
        Ok(Part { page, limit })
    }

    pub fn limit_or(&self, usual: usize) -> Answer<usize> {
        Ok(self.number("limit", MOST)?.unwrap_or(usual))
    }

    pub fn number(&self, name: &str, most: usize) -> Answer<Option<usize>> {
        let parse = |text: &str| {
            let number = text
                .parse()
                .ok()
                .filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| Problem::field(name, say("query-number").with("most", most)))
        };
        self.get(name).map(parse).transpose()
    }

    /// A whole number of any size that is an id.
    pub fn id(&self, name: &str) -> Answer<Option<i64>> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Problem::field(name, say("query-id")))
        };
        self.get(name).map(parse).transpose()
    }

    /// Text to search for: not more than a database looks for, and not what PostgreSQL's text cannot hold.
    pub fn text(&self, name: &str) -> Answer<Option<String>> {
        let fits = |text: &&str| text.chars().count() <= MOST && !text.contains('\0');
        let parse = |text| {
            let text = Some(text).filter(fits).map(str::to_owned);
            text.ok_or_else(|| Problem::field(name, say("query-text").with("most", MOST)))
        };
        self.get(name).map(parse).transpose()
    }

    /// A time, or a day: its beginning, or its end where `to` is meant.
    pub fn time(&self, name: &str, end_of_day: bool) -> Answer<Option<DateTime<Utc>>> {
        let parse = |text: &str| {
            let time = moment(text, end_of_day).filter(is_four_digits);
            time.ok_or_else(|| Problem::field(name, say("query-time")))
        };
        self.get(name).map(parse).transpose()
    }
}

/// Years that sort as text and that both databases know.
fn is_four_digits(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

fn moment(text: &str, end_of_day: bool) -> Option<DateTime<Utc>> {
    // In a URL, the plus of an offset arrives as a space.
    let text = text.replace(' ', "+");
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Some(time.with_timezone(&Utc));
    }
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
    let last = NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?;
    let time = if end_of_day { last } else { NaiveTime::MIN };
    Some(day.and_time(time).and_utc())
}
