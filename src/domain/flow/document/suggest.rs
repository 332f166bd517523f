//! Finds the known word that an unknown one was probably meant to be: `pipline` is `pipeline`.

/// The nearest of the known words, if it is near enough: one wrong letter for three letters, and at least one.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = word.to_lowercase();
    let most = (lower.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|one| {
            let distance = strsim::osa_distance(&lower, &one.to_lowercase());
            (distance, one)
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one.to_owned())
}
