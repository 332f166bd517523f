//! The five fields of a cron expression and what each may contain. The crate `croner` accepts more than it means (`*/90`, a
//! trailing comma, `MON` as a month), so every part is checked here first.

use crate::domain::words::words;

words! {
    /// A field, by the name that messages use.
    pub enum Field {
        Minute = "minute";
        Hour = "hour";
        Day = "day";
        Month = "month";
        Weekday = "weekday";
    }
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Field {
    /// The lowest and the highest value. Sunday is 0 or 7.
    fn range(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
        }
    }

    /// The part that is not allowed, if any. Letters are in upper case.
    pub fn wrong_part(self, text: &str) -> Option<&str> {
        text.split(',').find(|part| !self.allows(part))
    }

    fn allows(self, part: &str) -> bool {
        match part.split_once('/') {
            Some((range, step)) => self.is_steppable(range) && self.is_step(step),
            None => {
                part == "*"
                    || self.is_range(part)
                    || self.value(part).is_some()
                    || self.is_special(part)
            }
        }
    }

    fn is_steppable(self, range: &str) -> bool {
        range == "*" || self.is_range(range)
    }

    /// A step that is larger than the field, such as `*/90` minutes, would only ever match the first value.
    fn is_step(self, step: &str) -> bool {
        let (least, most) = self.range();
        number(step).is_some_and(|step| (1..=most - least).contains(&step))
    }

    fn is_range(self, part: &str) -> bool {
        let ends = part.split_once('-');
        let ends = ends.and_then(|(from, to)| Some((self.value(from)?, self.end_of_range(to)?)));
        ends.is_some_and(|(from, to)| from <= to)
    }

    /// At the end of a range, Sunday is 7: `FRI-SUN`.
    fn end_of_range(self, to: &str) -> Option<u32> {
        if self == Self::Weekday && to == "SUN" {
            return Some(7);
        }
        self.value(to)
    }

    fn value(self, text: &str) -> Option<u32> {
        let (least, most) = self.range();
        let value = self.named(text).or_else(|| number(text))?;
        (least..=most).contains(&value).then_some(value)
    }

    fn named(self, text: &str) -> Option<u32> {
        let (names, first): (&[&str], u32) = match self {
            Self::Month => (&MONTHS, 1),
            Self::Weekday => (&WEEKDAYS, 0),
            Self::Minute | Self::Hour | Self::Day => return None,
        };
        let at = names.iter().position(|name| *name == text)?;
        u32::try_from(at).ok().map(|at| at + first)
    }

    /// `L`, `15W` and `LW` for days; `MON#2` and `FRIL` for weekdays.
    fn is_special(self, part: &str) -> bool {
        match self {
            Self::Day => {
                let nearest = part.strip_suffix('W');
                part == "L" || part == "LW" || nearest.is_some_and(|day| self.value(day).is_some())
            }
            Self::Weekday => {
                let last = part.strip_suffix('L').and_then(|day| self.value(day));
                let nth = part
                    .split_once('#')
                    .filter(|(day, _)| self.value(day).is_some());
                last.is_some()
                    || nth
                        .and_then(|(_, n)| number(n))
                        .is_some_and(|n| (1..=5).contains(&n))
            }
            Self::Minute | Self::Hour | Self::Month => false,
        }
    }
}

/// At most two digits, and nothing else.
fn number(text: &str) -> Option<u32> {
    let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_short)
}
