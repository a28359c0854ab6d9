//! The two texts that metrics are read as: Prometheus' own, and OpenMetrics.

use std::fmt::{self, Write as _};

use prometheus_client::{encoding::text, registry::Registry};

/// The form of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus' text format, version 0.0.4, which everything that reads metrics understands.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Exposition {
    /// The form that a request's `Accept` asks for.
    #[must_use]
    pub fn accepted_by(accept: &str) -> Self {
        let mut kinds = accept.split(',').filter_map(|kind| kind.split(';').next());
        let open =
            kinds.any(|kind| kind.trim().eq_ignore_ascii_case("application/openmetrics-text"));
        if open { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// The content type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    pub(super) fn write(self, registry: &Registry) -> Result<String, fmt::Error> {
        let mut open = String::new();
        text::encode(&mut open, registry)?;
        match self {
            Self::OpenMetrics => Ok(open),
            Self::Prometheus => prometheus(&open),
        }
    }
}

/// Rewrites OpenMetrics, where a family's name lacks the suffix of its series, as Prometheus' format, where it has it.
fn prometheus(open: &str) -> Result<String, fmt::Error> {
    let mut out = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        if let Some(text) = line.strip_prefix("# HELP ") {
            help = text.split_once(' ').map(|(_, sentence)| sentence);
            continue;
        }
        let declared = line.strip_prefix("# TYPE ").and_then(|text| text.rsplit_once(' '));
        let Some((name, kind)) = declared else {
            writeln!(out, "{line}")?;
            continue;
        };
        let (suffix, kind) = match kind {
            "counter" => ("_total", kind),
            "info" => ("_info", "gauge"),
            "unknown" => ("", "untyped"),
            _ => ("", kind),
        };
        if let Some(help) = help.take() {
            writeln!(out, "# HELP {name}{suffix} {help}")?;
        }
        writeln!(out, "# TYPE {name}{suffix} {kind}")?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_decides() {
        let check =
            |accept, expected| assert_eq!(Exposition::accepted_by(accept), expected, "{accept}");
        check("", Exposition::Prometheus);
        check("*/*", Exposition::Prometheus);
        check("text/plain;version=0.0.4", Exposition::Prometheus);
        check("application/json", Exposition::Prometheus);
        check(
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            Exposition::OpenMetrics,
        );
    }

    #[test]
    fn names_get_the_suffix_of_their_series() {
        let open = "# HELP a_seconds How long.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n\
                    a_seconds_total 1.5\n\
                    # HELP b What.\n# TYPE b info\nb_info{version=\"# EOF\"} 1\n\
                    # HELP c Now.\n# TYPE c gauge\nc 2\n# EOF\n";
        let expected = "# HELP a_seconds_total How long.\n# TYPE a_seconds_total counter\n\
                        a_seconds_total 1.5\n\
                        # HELP b_info What.\n# TYPE b_info gauge\nb_info{version=\"# EOF\"} 1\n\
                        # HELP c Now.\n# TYPE c gauge\nc 2\n";
        assert_eq!(prometheus(open).unwrap(), expected);
    }
}
