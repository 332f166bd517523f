//! Reads query parameters. An invalid one returns 400 with an error for its name.

use actix_web::HttpRequest;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use crate::domain::message::{Message, say};
use crate::domain::statistics::Zone;
use crate::http::error::{HttpResult, Problem};

const MOST: usize = 200;

/// The query parameters of a request. An empty parameter counts as absent.
pub struct Query(Vec<(String, String)>);

/// A page number, counted from 1, and the number of items per page.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    pub page: usize,
    pub limit: usize,
}

impl PageRequest {
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

    /// Like `get`, but an empty parameter counts.
    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.trim())
    }

    /// The names of all parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The words of a parameter: separated by commas, in capitals or not, without duplicates. `wrong` is the error of a word that is
    /// not known.
    pub fn words<T: PartialEq>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        wrong: impl Fn() -> Message,
    ) -> HttpResult<Vec<T>> {
        let mut found = Vec::new();
        let words = self.all(name).flat_map(|words| words.split(','));
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            let one = parse(word).ok_or_else(|| Problem::field(name, wrong()))?;
            if !found.contains(&one) {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// All values of a parameter that can be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let own = self.0.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.as_str())
    }

    /// None without `limit`: then the response contains all items.
    pub fn page_request(&self) -> HttpResult<Option<PageRequest>> {
        let page = self.number("page", 1_000_000_000)?.unwrap_or(1);
        let limit = self.number("limit", MOST)?;
        Ok(limit.map(|limit| PageRequest { page, limit }))
    }

    pub fn page_request_or(&self, usual: usize) -> HttpResult<PageRequest> {
        let page = self.number("page", 1_000_000_000)?.unwrap_or(1);
        let limit = self.limit_or(usual)?;
        Ok(PageRequest { page, limit })
    }

    pub fn limit_or(&self, usual: usize) -> HttpResult<usize> {
        Ok(self.number("limit", MOST)?.unwrap_or(usual))
    }

    pub fn number(&self, name: &str, most: usize) -> HttpResult<Option<usize>> {
        let parse = |text: &str| {
            let number = text
                .parse()
                .ok()
                .filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| Problem::field(name, say("query-number").with("most", most)))
        };
        self.get(name).map(parse).transpose()
    }

    /// An id: any integer.
    pub fn id(&self, name: &str) -> HttpResult<Option<i64>> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Problem::field(name, say("query-id")))
        };
        self.get(name).map(parse).transpose()
    }

    /// Text to search for, at most 200 characters. U+0000 is refused: PostgreSQL's text cannot contain it.
    pub fn text(&self, name: &str) -> HttpResult<Option<String>> {
        let fits = |text: &&str| text.chars().count() <= MOST && !text.contains('\0');
        let parse = |text| {
            let text = Some(text).filter(fits).map(str::to_owned);
            text.ok_or_else(|| Problem::field(name, say("query-text").with("most", MOST)))
        };
        self.get(name).map(parse).transpose()
    }

    /// A time or a day in UTC. A day means its start, or its end with `end_of_day`.
    pub fn time(&self, name: &str, end_of_day: bool) -> HttpResult<Option<DateTime<Utc>>> {
        self.time_in(name, end_of_day, Zone::UTC)
    }

    /// The same with days of this time zone.
    pub fn time_in(
        &self,
        name: &str,
        end_of_day: bool,
        zone: Zone,
    ) -> HttpResult<Option<DateTime<Utc>>> {
        let parse = |text: &str| {
            let time = moment(text, end_of_day, zone).filter(is_four_digits);
            time.ok_or_else(|| Problem::field(name, say("query-time")))
        };
        self.get(name).map(parse).transpose()
    }
}

/// Years of four digits sort correctly as text and are supported by both databases.
fn is_four_digits(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

fn moment(text: &str, end_of_day: bool, zone: Zone) -> Option<DateTime<Utc>> {
    // In a URL, `+` is decoded to a space.
    let text = text.replace(' ', "+");
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Some(time.with_timezone(&Utc));
    }
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
    let last = NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?;
    let time = if end_of_day { last } else { NaiveTime::MIN };
    zone.utc(day.and_time(time))
}
