use super::*;

const TEXT: &str = r#"
    stop_atr_multiple = { type = "float", from = 1.0, to = 1.3, step = 0.1 }
    target_r_multiple = { type = "log", from = 0.5, to = 8, count = 5 }
    "points.macd" = { type = "float", from = 0, to = 40 }
    expiry_candles = { type = "integer", from = 1, to = 4, step = 2 }
    trailing = { type = "choice", values = [false, true] }
"#;

fn numbers(point: &Point) -> Vec<String> {
    point.iter().map(|(name, value)| format!("{name} {value:?}")).collect()
}

fn without_points(text: &str) -> Space {
    let kept = text.lines().filter(|line| !line.contains("macd"));
    Space::parse(&kept.collect::<Vec<_>>().join("\n")).unwrap()
}

#[test]
fn a_grid_has_every_point_once() {
    let space = without_points(TEXT);
    let size = space.trials(Search::Grid, 1000).unwrap();
    assert_eq!(size, 2 * 4 * 5 * 2);
    let mut points: Vec<_> = (0..size).map(|k| numbers(&space.point(Search::Grid, 0, k))).collect();
    assert_eq!(
        points[0],
        [
            "expiry_candles Number(1.0)",
            "stop_atr_multiple Number(1.0)",
            "target_r_multiple Number(0.5)",
            "trailing Switch(false)",
        ]
    );
    assert_eq!(
        points[79],
        [
            "expiry_candles Number(3.0)",
            "stop_atr_multiple Number(1.3)",
            "target_r_multiple Number(8.0)",
            "trailing Switch(true)",
        ]
    );
    points.sort();
    points.dedup();
    assert_eq!(points.len(), 80);
    // In equal ratios.
    let targets: Vec<_> = (0..5).map(|k| space.0["target_r_multiple"].at(k)).collect();
    assert_eq!(targets, [0.5, 1.0, 2.0, 4.0, 8.0].map(Value::Number));
}

#[test]
fn a_random_point_depends_on_seed_and_number_alone() {
    let space = Space::parse(TEXT).unwrap();
    let point = |seed, number| space.point(Search::Random, seed, number);
    let forward: Vec<_> = (0..500).map(|k| point(7, k)).collect();
    let backward: Vec<_> = (0..500).rev().map(|k| point(7, k)).collect();
    assert!(forward.iter().eq(backward.iter().rev()));
    assert_ne!(point(7, 0), point(8, 0));
    let macd: Vec<f64> = forward
        .iter()
        .map(|point| match point["points.macd"] {
            Value::Number(points) => points,
            Value::Switch(_) => panic!("a number"),
        })
        .collect();
    assert!(macd.iter().all(|points| (0.0..=40.0).contains(points)));
    let mean = macd.iter().sum::<f64>() / 500.0;
    assert!((mean - 20.0).abs() < 2.0, "{mean}");
    let on = forward.iter().filter(|p| p["trailing"] == Value::Switch(true)).count();
    assert!((200..300).contains(&on), "{on}");
    // Another parameter's range does not change what is drawn for the others.
    let fewer = without_points(TEXT).point(Search::Random, 7, 3);
    assert_eq!(fewer["expiry_candles"], forward[3]["expiry_candles"]);
}

#[test]
fn a_space_survives_json() {
    let space = Space::parse(TEXT).unwrap();
    let text = serde_json::to_string(&space).unwrap();
    assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space);
    let point = space.point(Search::Random, 1, 1);
    let text = serde_json::to_string(&point).unwrap();
    assert_eq!(serde_json::from_str::<Point>(&text).unwrap(), point);
}

#[test]
fn a_space_that_cannot_be_searched_says_why() {
    for (text, problem) in [
        ("", "the space names no parameter; known are expiry_candles, "),
        ("stop = { type = 'float', from = 1, to = 2 }", "no parameter 'stop'; known are "),
        ("min_confidence = 0.7", "space: "),
        ("expiry_candles = { type = 'integer', from = 3, to = 1 }", "from 3 to 1 is no range"),
        ("expiry_candles = { type = 'integer', from = 0, to = 1 }", "0 is not from 1 to "),
        ("expiry_candles = { type = 'float', from = 1, to = 2 }", "must be a whole number"),
        ("expiry_candles = { type = 'integer', from = 1, to = 2, steps = 2 }", "steps"),
        ("stop_atr_multiple = { type = 'float', from = 1, to = 2, step = 0 }", "a step of 0"),
        ("stop_atr_multiple = { type = 'float', from = nan, to = 2 }", "is no range"),
        ("target_r_multiple = { type = 'log', from = 0, to = 2 }", "log begins above 0"),
        ("target_r_multiple = { type = 'choice', values = [] }", "nothing to choose from"),
        ("target_r_multiple = { type = 'choice', values = [1, 1] }", "is there twice"),
        ("target_r_multiple = { type = 'choice', values = [true] }", "must be a number"),
        ("trailing = { type = 'choice', values = [1] }", "must be true or false"),
    ] {
        let said = Space::parse(text).unwrap_err().to_string();
        assert!(said.contains(problem), "{text}: {said}");
    }
    let space = Space::parse(TEXT).unwrap();
    let endless = space.trials(Search::Grid, 9).unwrap_err().to_string();
    assert_eq!(endless, "points.macd: a grid needs a step");
    let large = SpaceError::Large { size: 80, wanted: 79 };
    assert_eq!(without_points(TEXT).trials(Search::Grid, 79), Err(large));
}
