//! Words for a shell, in the very quotes that the older tool of this name writes: whoever compares user data finds it equal. The
//! crate that quotes elsewhere here chooses others.

/// The text as one word, quoted only where it has to be.
pub(crate) fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./-_".contains(letter);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// The text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

/// Puts in the variables `$NAME` that are known, and leaves every other `$` as it is.
pub(crate) fn with_variables(text: &str, known: &[(&str, &str)]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        done.push_str(before);
        let length = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
        let (name, after) = after.split_at(length);
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => done.push_str(value),
            None => {
                done.push('$');
                done.push_str(name);
            }
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_words_whatever_is_in_them() {
        assert_eq!([word("a/b.c"), word(""), word("a b"), word("it's")], ["a/b.c", "''", "'a b'", r#"'it'"'"'s'"#]);
    }

    #[test]
    fn only_what_is_known_is_put_in() {
        let known = [("A", "x"), ("AB", "y")];
        assert_eq!(with_variables("$A $AB $ABC cost $5 $$ a$", &known), "x y $ABC cost $5 $$ a$");
    }
}
