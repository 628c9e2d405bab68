//! Calls every function of `inlay:test/types` and `inlay:demo/greeter`, with values at the edges of their types.

use bytes::Bytes;
use futures::future::join_all;

use crate::report::{check, check_fails};
use bindings::inlay::demo::greeter;
use bindings::inlay::test::types::{
    self, Color, Nine, Person, Point, Seventeen, Shape, ThirtyTwo, Three, Wide,
};

mod bindings {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/caller",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

/// More than one message of a server with the usual 1 MiB, and not a multiple of it.
const BIG: usize = 3_000_001;

/// Each value is sent and must come back.
macro_rules! echo {
    ($wrpc:ident, $name:literal, $func:ident, $($value:expr),+ $(,)?) => {
        $({
            let value = $value;
            check($name, &value, types::$func($wrpc, None, value)).await;
        })+
    };
}

pub async fn call(wrpc: &wrpc_transport_nats::Client) -> anyhow::Result<()> {
    numbers(wrpc).await;
    lists(wrpc).await;
    named_types(wrpc).await;
    wrapped(wrpc).await;
    greeter_calls(wrpc).await;
    Ok(())
}

async fn numbers(wrpc: &wrpc_transport_nats::Client) {
    echo!(wrpc, "echo-bool", echo_bool, true, false);
    echo!(wrpc, "echo-u8", echo_u8, 0, u8::MAX);
    echo!(wrpc, "echo-s8", echo_s8, i8::MIN, -1, 0, i8::MAX);
    echo!(wrpc, "echo-u16", echo_u16, 0, 128, u16::MAX);
    echo!(wrpc, "echo-s16", echo_s16, i16::MIN, -8193, -8192, -1, 0, 64, i16::MAX);
    echo!(wrpc, "echo-u32", echo_u32, 0, 128, u32::MAX);
    echo!(wrpc, "echo-s32", echo_s32, i32::MIN, -134_217_729, -1, 0, 64, i32::MAX);
    echo!(wrpc, "echo-u64", echo_u64, 0, 1 << 53, u64::MAX);
    echo!(wrpc, "echo-s64", echo_s64, i64::MIN, -4_611_686_018_427_387_905, -1, 0, i64::MAX);
    echo!(wrpc, "echo-f32", echo_f32, 0.0, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::NAN, f32::NEG_INFINITY);
    echo!(wrpc, "echo-f64", echo_f64, 0.1, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::NAN, f64::INFINITY);
    echo!(wrpc, "echo-char", echo_char, 'a', '\0', 'ß', '€', '\u{10FFFF}');
    echo!(wrpc, "echo-string", echo_string, "", "Grüße, 世界 🌍", "\0");
}

async fn lists(wrpc: &wrpc_transport_nats::Client) {
    let long = vec!["x"; 10_000];
    echo!(wrpc, "echo-strings", echo_strings, &[], &["", "a", "äöü"], &long);
    let big: Bytes = (0..BIG).map(|i| (i % 251) as u8).collect();
    echo!(wrpc, "echo-bytes", echo_bytes, &Bytes::new(), &Bytes::from_static(&[0, 255]), &big);
    echo!(wrpc, "echo-s8-list", echo_s8_list, &[], &[i8::MIN, 0, i8::MAX]);
    echo!(wrpc, "echo-bools", echo_bools, &[true, false, true]);
    echo!(wrpc, "echo-chars", echo_chars, &['a', 'ß', '🌍']);
    echo!(wrpc, "echo-u64-list", echo_u64_list, &[0, u64::MAX]);
    echo!(wrpc, "echo-f64-list", echo_f64_list, &[-0.0, f64::NAN, 1e300]);
    let row = vec![1, u32::MAX];
    echo!(wrpc, "echo-matrix", echo_matrix, &[&[], row.as_slice(), &[7]]);
    echo!(wrpc, "echo-pairs", echo_pairs, &[("a", 1), ("", u32::MAX)]);
}

async fn named_types(wrpc: &wrpc_transport_nats::Client) {
    let point = Point { x: -1.5, y: 1e300 };
    echo!(wrpc, "echo-point", echo_point, &point);
    echo!(wrpc, "echo-points", echo_points, &[], &[point, Point { x: 0.0, y: -0.0 }]);
    let person = Person {
        name: "Ada".into(),
        birth_year: Some(1815),
        tags: vec!["first".into(), String::new()],
        home: point,
        favourite: Color::LightBlue,
    };
    let nobody = Person {
        name: String::new(),
        birth_year: None,
        tags: Vec::new(),
        home: point,
        favourite: Color::Red,
    };
    echo!(wrpc, "echo-person", echo_person, &person, &nobody);
    echo!(wrpc, "echo-people", echo_people, &[person.clone(), nobody.clone()]);
    let wide = Wide {
        f0: u64::MAX, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5, f6: 6, f7: 7, f8: 8,
        f9: 9, f10: 10, f11: 11, f12: 12, f13: 13, f14: 14, f15: 15, f16: 1 << 63, f17: 255,
    };
    echo!(wrpc, "echo-wide", echo_wide, &wide);
    let shapes = [
        Shape::Empty,
        Shape::Circle(1.5),
        Shape::Polygon(vec![point, point]),
        Shape::Label("round".into()),
        Shape::Area(u64::MAX),
        Shape::Ratio(f64::NEG_INFINITY),
        Shape::Tinted(Color::Green),
    ];
    for shape in &shapes {
        echo!(wrpc, "echo-shape", echo_shape, shape);
    }
    echo!(wrpc, "echo-shapes", echo_shapes, &shapes);
    echo!(wrpc, "echo-color", echo_color, Color::Red, Color::Green, Color::LightBlue);
    echo!(wrpc, "echo-colors", echo_colors, &[Color::LightBlue, Color::Red]);
    echo!(wrpc, "echo-flags8", echo_flags8, &Three::empty(), &(Three::CAN_READ | Three::EXEC));
    echo!(wrpc, "echo-flags16", echo_flags16, &Nine::B8, &Nine::all());
    // The generated encoder writes four bytes for these where three are due: surplus at the end, which nobody minds.
    echo!(wrpc, "echo-flags17", echo_flags17, &Seventeen::B16, &Seventeen::all());
    echo!(wrpc, "echo-flags32", echo_flags32, &ThirtyTwo::B31, &ThirtyTwo::all());
    echo!(wrpc, "echo-flags-list", echo_flags_list, &[Nine::B0 | Nine::B8, Nine::empty()]);
}

async fn wrapped(wrpc: &wrpc_transport_nats::Client) {
    echo!(wrpc, "echo-option", echo_option, None, Some(0), Some(u32::MAX));
    echo!(wrpc, "echo-option-string", echo_option_string, None, Some(""), Some("x"));
    echo!(wrpc, "echo-option-option", echo_option_option, None, Some(None), Some(Some(false)));
    echo!(wrpc, "echo-options", echo_options, &[None, Some(i16::MIN), Some(-1)]);
    echo!(wrpc, "echo-result", echo_result, &Ok(()), &Err(()));
    echo!(wrpc, "echo-result-ok", echo_result_ok, &Ok(u64::MAX), &Err(()));
    echo!(wrpc, "echo-result-err", echo_result_err, &Ok(()), &Err(String::from("why")));
    let point = Point { x: 1.0, y: 2.0 };
    echo!(wrpc, "echo-result-both", echo_result_both, &Ok(point), &Err(Shape::Label("no".into())));
    echo!(
        wrpc,
        "echo-result-nested",
        echo_result_nested,
        &Ok(Ok(String::from("deep"))),
        &Ok(Err(7)),
        &Err(Color::Green),
    );
    let results = [Ok("a"), Err(9)];
    echo!(wrpc, "echo-results", echo_results, &results);
    echo!(wrpc, "echo-tuple", echo_tuple, (255, "x", -0.0));
    echo!(
        wrpc,
        "echo-tuple-nested",
        echo_tuple_nested,
        ((true, u64::MAX), Some(('ß', i8::MIN))),
        ((false, 0), None),
    );
    check(
        "echo-three",
        (1, "two", Some(3.0)),
        types::echo_three(wrpc, None, 1, "two", Some(3.0)),
    )
    .await;
}

async fn greeter_calls(wrpc: &wrpc_transport_nats::Client) {
    check("greet", "Hello, Rust!", greeter::greet(wrpc, None, "Rust")).await;
    check("add", 2, greeter::add(wrpc, None, u32::MAX, 3)).await;
    check("many at once", (0..200).collect::<Vec<u32>>(), async {
        let calls = (0..200).map(|i| greeter::add(wrpc, None, i, 0));
        let all = join_all(calls).await;
        all.into_iter().collect::<anyhow::Result<Vec<_>>>()
    })
    .await;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("source-id", "rust-peer");
    headers.insert(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    );
    let big = Bytes::from(vec![7; BIG]);
    check(
        "headers and more than a message",
        BIG,
        async { Ok(greeter::echo(wrpc, Some(headers), &big).await?.len()) },
    )
    .await;
    // The component has no such function, so nobody listens: the server says so.
    check_fails(
        "a function that nobody serves",
        "not connected",
        bindings::inlay::interop::absent::nothing(wrpc, None),
    )
    .await;
}
