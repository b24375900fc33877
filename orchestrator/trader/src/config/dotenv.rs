//! Reads a `.env` file as docker compose does, save that nothing is expanded.

/// One line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: String,
}

/// Every `NAME=value` of the text, and per line that is none of that, what is wrong with it. Values
/// may stand in single quotes (letter by letter) or double quotes (with `\n`, `\"` and the like);
/// `export ` before the name and a comment after the value are allowed.
pub(super) fn parse(text: &str) -> (Vec<Assignment>, Vec<(usize, String)>) {
    let mut assignments: Vec<Assignment> = Vec::new();
    let mut problems = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let content = content.strip_prefix("export ").unwrap_or(content);
        // The text of a bad line is not repeated: it may be a secret.
        let Some((name, rest)) = content.split_once('=') else {
            problems.push((line, "is not NAME=value".to_owned()));
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            problems.push((line, "what stands before the = is not a name".to_owned()));
            continue;
        }
        if let Some(first) = assignments.iter().find(|a| a.name == name) {
            let first = first.line;
            problems.push((line, format!("{name} stands in line {first} already")));
            continue;
        }
        match value(rest.trim()) {
            Ok(value) => assignments.push(Assignment { line, name: name.to_owned(), value }),
            Err(problem) => problems.push((line, format!("{name} {problem}"))),
        }
    }
    (assignments, problems)
}

fn is_name(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn value(text: &str) -> Result<String, &'static str> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let (value, rest) = quoted.split_once('\'').ok_or(UNCLOSED)?;
        return nothing_after(rest).map(|()| value.to_owned());
    }
    if let Some(quoted) = text.strip_prefix('"') {
        return double_quoted(quoted);
    }
    let comment = text
        .char_indices()
        .zip(text.chars().skip(1))
        .find(|((_, c), next)| c.is_whitespace() && *next == '#');
    let value = comment.map_or(text, |((at, _), _)| &text[..at]).trim_end();
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '$' && letters.peek().is_some_and(|next| begins_variable(*next)) {
            return Err(EXPANSION);
        }
    }
    Ok(value.to_owned())
}

const UNCLOSED: &str = "has a quote that is not closed in its line";
const EXPANSION: &str = "refers to another variable, which is not expanded here: \
                         write the value itself, or put it in '…' to mean the letters";

fn double_quoted(text: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next().ok_or(UNCLOSED)? {
            '"' => return nothing_after(letters.as_str()).map(|()| value),
            '\\' => match letters.next().ok_or(UNCLOSED)? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('\\' | '"' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            '$' if letters.as_str().starts_with(begins_variable) => return Err(EXPANSION),
            letter => value.push(letter),
        }
    }
}

fn begins_variable(letter: char) -> bool {
    letter == '{' || letter == '_' || letter.is_ascii_alphabetic()
}

fn nothing_after(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(())
    } else {
        Err("has something after its closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_written() {
        for (line, expected) in [
            ("A=1", "1"),
            ("export A = 1 ", "1"),
            ("A=", ""),
            ("A=a b # comment", "a b"),
            ("A=a#b", "a#b"),
            ("A=#b", "#b"),
            ("A=x=y", "x=y"),
            ("A='a # $B \\n' # comment", "a # $B \\n"),
            ("A=\"a\\n\\\"b\\\" \\$C \\d\"", "a\n\"b\" $C \\d"),
            ("A=5$", "5$"),
            ("A=$5", "$5"),
            ("\u{feff}A=1\r", "1"),
        ] {
            let (assignments, problems) = parse(line);
            assert_eq!(problems, [], "{line}");
            let expected = [Assignment { line: 1, name: "A".into(), value: expected.into() }];
            assert_eq!(assignments, expected, "{line}");
        }
        assert_eq!(parse("# A=1\n\n   # B\n"), (vec![], vec![]));
    }

    #[test]
    fn a_bad_line_is_named_and_not_repeated() {
        for (text, line, problem) in [
            ("A=1\nhunter2", 2, "is not NAME=value"),
            ("2A=hunter2", 1, "not a name"),
            ("A='hunter2", 1, "not closed"),
            ("A=\"hunter2\\", 1, "not closed"),
            ("A='hunter2' x", 1, "after its closing quote"),
            ("A=hunter2${B}", 1, "refers to another variable"),
            ("A=\"hunter2$B\"", 1, "refers to another variable"),
            ("A=1\nB=2\nA=hunter2", 3, "stands in line 1 already"),
        ] {
            let (_, problems) = parse(text);
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems[0].0, line, "{text}");
            assert!(problems[0].1.contains(problem), "{problems:?}");
            assert!(!problems[0].1.contains("hunter2"), "{problems:?}");
        }
    }
}
