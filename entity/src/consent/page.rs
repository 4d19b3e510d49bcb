//! The page that a person sees when they come back: a heading and a sentence, no script, nothing from any other host.

/// A page with a heading and a sentence, both as plain text.
pub fn page(heading: &str, sentence: &str) -> String {
    let (heading, sentence) = (escaped(heading), escaped(sentence));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{heading} · Refrain</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; color: #222; background: #fff }}
h1 {{ font-size: 1.6rem }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #161616 }} }}
</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{sentence}</p>
</main>
</body>
</html>
"#
    )
}

/// The policy that goes with every such page: no script at all, and the one style element.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                          form-action 'none'; frame-ancestors 'none'";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn what_is_said_is_text() {
        let html = page("<b>", "\"a\" & <script>alert(1)</script>");
        assert!(html.contains("<h1>&lt;b&gt;</h1>") && html.contains("&quot;a&quot; &amp; &lt;script&gt;"));
        assert!(!html.contains("<script>"));
    }
}
