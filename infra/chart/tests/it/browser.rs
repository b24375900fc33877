//! The page in a real browser, where there is one.

use std::process::Command;
use std::time::Duration;

use crate::scenes;

/// What Chromium makes of a page: its document after the script, and what the script complained of.
fn opened(page: &str) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let Some(browser) = browser.iter().find(|path| std::path::Path::new(path).exists()) else {
        println!("skipped: no Chromium at {browser:?}");
        return None;
    };
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --enable-logging=stderr --virtual-time-budget=20000 --dump-dom --window-size=1280,900";
    let child = Command::new("timeout")
        .arg(Duration::from_secs(60).as_secs().to_string())
        .arg(browser)
        .args(flags.split_whitespace())
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output();
    let output = child.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr)
        .lines()
        .filter(|l| l.contains("CONSOLE"))
        .collect::<Vec<_>>()
        .join("\n");
    Some((text(&output.stdout), said))
}

/// The page with a script of the test's after its own. A browser that shows nothing may never draw
/// a next frame, so the next moment stands for it.
fn with(page: &str, script: &str) -> String {
    let frames = "window.requestAnimationFrame = draw => setTimeout(draw, 1);";
    page.replace("<body>", &format!("<body><script>{frames}</script>"))
        .replace("</body>", &format!("<script>{script}</script></body>"))
}

#[test]
fn the_script_draws_and_answers_without_complaint() {
    let page = chart::html(&scenes::usual());
    let script = r##"
        const deeds = [];
        const svg = document.getElementById("svg"), chart = document.getElementById("chart");
        const until = async done => { for (let i = 0; i < 50 && !done(); i++) await new Promise(go => setTimeout(go, 50)); };
        const point = (kind, x, y, more) => chart.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, pointerType: "mouse", ...more }));
        (async () => {
          const box = svg.getBoundingClientRect(), texts = () => svg.querySelectorAll("#over text").length;
          point("pointermove", box.x + 300, box.y + 300);
          await until(texts);
          deeds.push("crosshair " + texts());
          document.getElementById("in").click();
          await until(() => !document.getElementById("all").disabled);
          deeds.push("zoomed " + !document.getElementById("all").disabled);
          document.querySelector('[data-trade="1"]').click();
          await until(() => document.querySelector("svg path.line.ink"));
          deeds.push("pair " + document.getElementById("pair").value);
          deeds.push("marked " + document.querySelectorAll("[aria-current]").length);
          document.querySelector('[data-by="8"]').click();
          document.querySelector('[data-by="8"]').click();
          deeds.push("most " + document.querySelector("#trades tbody tr").cells[8].textContent);
          document.querySelector('[data-turn="1"]').click();
          deeds.push(document.querySelector("#pager span").textContent);
          chart.dispatchEvent(new KeyboardEvent("keydown", { key: "0" }));
          await until(() => document.getElementById("all").disabled);
          chart.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
          deeds.push("said " + document.getElementById("said").textContent.slice(0, 4));
          document.body.dataset.deeds = deeds.join("; ");
        })();
    "##;
    let Some((document, said)) = opened(&with(&page, script)) else { return };
    assert_eq!(said, "");
    assert!(document.contains(r#"data-ready="yes""#), "the script did not end");
    let deeds = document.split("data-deeds=\"").nth(1).map(|d| d.split('"').next().unwrap());
    let trades: Vec<_> = scenes::usual().pairs.into_iter().flat_map(|p| p.trades).collect();
    let most = trades.iter().map(|t| t.profit_quote).fold(0.0, f64::max);
    let wanted = format!(
        "crosshair 5; zoomed true; pair 1; marked 1; most {most:.2}; 26 to 50 of {}; said 2024",
        trades.len()
    );
    assert_eq!(deeds, Some(wanted.as_str()));
}

#[test]
fn an_empty_page_opens_too() {
    let Some((document, said)) = opened(&chart::html(&chart::scene::Scene::default())) else {
        return;
    };
    assert_eq!(said, "");
    assert!(document.contains(r#"data-ready="yes""#));
}
