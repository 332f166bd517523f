//! Finds the known word that an unknown one was probably meant to be: `pipline` is `pipeline`.

/// The maximum length of a word that is compared, in bytes.
const LONGEST: usize = 100;

/// The nearest of the known words, if it is near enough: one wrong letter for three letters, and at least one.
/// Long words are not compared, because the effort is the product of their lengths.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let most = (lower.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .filter(|one| one.len() <= LONGEST)
        .map(|one| {
            let distance = strsim::osa_distance(&lower, &one.to_lowercase());
            (distance, one)
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one.to_owned())
}
