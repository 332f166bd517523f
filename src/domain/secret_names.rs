//! Which names mean that a value is a secret, in English and French: `db_password`, `apiKey`, `mot_de_passe`, `clé_api`.

/// Parts of names of passwords. A password can also be a number.
const PASSWORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "motdepasse",
    "motsdepasse",
    "motpasse",
];

/// Parts of names of other secrets.
const PARTS: [&str; 11] = [
    "token",
    "jeton",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "bearer",
    "jwt",
    "codedacces",
    "codeacces",
];

/// These words contain "secret" but are not secrets.
const NO_SECRETS: [&str; 2] = ["secretar", "secretion"];

/// Words that make a key one of a table: `primary_key`, `cle_primaire`.
const OF_TABLES: [&str; 12] = [
    "primary",
    "foreign",
    "unique",
    "join",
    "sort",
    "group",
    "merge",
    "partition",
    "primaire",
    "etrangere",
    "jointure",
    "tri",
];

/// What a French key gives access to or protects: `sms_cle_api`, but not `mot_cle`.
const OPENED: [&str; 6] = ["api", "acces", "privee", "chiffrement", "signature", "sms"];

/// Whether a value with this name is a secret, however the words of the name are joined.
pub fn looks_secret(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    is_password(&words, &joined)
        || PARTS.iter().any(|part| joined.contains(part))
        || ends_like_secret(&words)
        || is_french_key(&words)
}

/// Whether it is a secret even if it is a number: a number of tokens is not.
pub fn looks_like_password(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    is_password(&words, &joined)
}

fn is_password(words: &[String], joined: &str) -> bool {
    let joined = NO_SECRETS.iter().fold(joined.to_owned(), |joined, other| {
        joined.replace(other, " ")
    });
    PASSWORDS.iter().any(|part| joined.contains(part))
        || words.last().is_some_and(|word| word == "pin")
        || words
            .iter()
            .any(|word| word.starts_with("mdp") || word.ends_with("mdp"))
}

/// True for `sms_key` and `db_pass`, but not for `monkey` and `pass_rate`.
fn ends_like_secret(words: &[String]) -> bool {
    match words {
        [.., before, last] if last == "key" => !OF_TABLES.contains(&before.as_str()),
        [.., last] => last == "key" || last == "pass",
        [] => false,
    }
}

fn is_french_key(words: &[String]) -> bool {
    let is_key = |word: &String| {
        let keys = ["cle", "cles", "clef", "clefs"];
        keys.contains(&word.as_str()) || word.starts_with("cleapi") || word.starts_with("clefapi")
    };
    let Some(at) = words.iter().position(is_key) else {
        return false;
    };
    let any = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    !any(&OF_TABLES) && (at == 0 || any(&OPENED))
}

/// The words of a name in lower case without accents: `smsKey`, `sms_key` and `SMS-Key` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_small = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() && !is_mark(letter);
        if begins || (letter.is_uppercase() && before_is_small) {
            words.push(String::new());
        }
        before_is_small = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase().map(plain));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether it is an accent as a separate character after its letter.
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

fn plain(letter: char) -> char {
    match letter {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        other => other,
    }
}
