//! Text files that are named from outside: read whole, never waited for, and never without end.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

/// Reads a file that may have so many bytes. What is no file, a pipe for one, could keep whoever reads it waiting for
/// ever, and everybody who waits for them.
///
/// # Errors
///
/// Fails when it can't be read, is no file, is too long or no UTF-8.
pub fn read_text(path: &Path, most_bytes: u64) -> io::Result<String> {
    // Everybody's way to name an empty file.
    let is_null = path == Path::new("/dev/null");
    if !is_null && !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(most_bytes + 1).read_to_string(&mut text)?;
    if read as u64 > most_bytes {
        return Err(io::Error::other(format!("it has more than {most_bytes} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::net::UnixListener, path::Path};

    use super::read_text;

    #[test]
    fn only_files_are_read_and_only_short_ones() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("file"), "12345").unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        let check = |name: &str, most_bytes: u64, expected: Result<&str, &str>| {
            let found = read_text(&place(name), most_bytes).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{name}");
        };
        check("file", 5, Ok("12345"));
        check("file", 4, Err("it has more than 4 bytes"));
        check(".", 5, Err("it is no file"));
        check("socket", 5, Err("it is no file"));
        assert_eq!(read_text(Path::new("/dev/null"), 5).unwrap(), "");
        check("none", 5, Err("No such file or directory (os error 2)"));
    }
}
