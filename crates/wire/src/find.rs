//! Finds the strings at a path of a JSON body.

use std::ops::Range;

use crate::scan::{BodyError, Scan};

/// Returns where the strings at `path` stand in `body`, quotes included, in the body's order.
///
/// A step is a member's name, or `*` for each element of an array. A member that is there twice is found
/// twice; what is no string is not found.
///
/// # Errors
///
/// Fails when the body is not JSON of at most [`MAX_DEPTH`](crate::MAX_DEPTH) levels.
pub fn find_strings(body: &[u8], path: &[&str]) -> Result<Vec<Range<usize>>, BodyError> {
    let mut scan = Scan::new(body)?;
    let mut found = Vec::new();
    find(&mut scan, path, &mut found)?;
    scan.end()?;
    Ok(found)
}

fn find(
    scan: &mut Scan<'_>,
    path: &[&str],
    found: &mut Vec<Range<usize>>,
) -> Result<(), BodyError> {
    match (path, scan.peek()) {
        ([], Some(b'"')) => found.push(scan.string()?),
        (["*", rest @ ..], Some(b'[')) => scan.elements(|scan| find(scan, rest, found))?,
        ([step, rest @ ..], Some(b'{')) if *step != "*" => {
            scan.members(|scan, name| {
                if scan.decoded(name).as_deref() == Some(step) {
                    find(scan, rest, found)
                } else {
                    scan.value().map(drop)
                }
            })?;
        }
        _ => scan.value().map(drop)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::find_strings;

    fn check(body: &str, path: &[&str], expected: &[&str]) {
        let found = find_strings(body.as_bytes(), path).unwrap();
        let found: Vec<&str> = found.into_iter().map(|span| &body[span]).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn finds_strings_wherever_the_path_leads() {
        let body = r#"{"requests":[{"model":"a"},{"model":7},[],{"mo\u0064el":"b","model":"c"}],
            "model":"d"}"#;
        check(body, &["requests", "*", "model"], &[r#""a""#, r#""b""#, r#""c""#]);
        check(body, &["model"], &[r#""d""#]);
        check(body, &["requests", "model"], &[]);
        check(body, &["*"], &[]);
        check(r#""x""#, &[], &[r#""x""#]);
    }

    #[test]
    fn checks_the_whole_body() {
        assert!(find_strings(br#"{"model":"a"} x"#, &["model"]).is_err());
        assert!(find_strings(br#"{"model":"a","b":[1 2]}"#, &["model"]).is_err());
    }
}
