//! Serves `inlay:test/types` and `inlay:demo/greeter`.

use bytes::Bytes;

use bindings::exports::inlay::demo::greeter;
use bindings::exports::inlay::test::types::{
    self, Color, Nine, Person, Point, Seventeen, Shape, ThirtyTwo, Three, Wide,
};

mod bindings {
    wit_bindgen_wrpc::generate!({
        world: "inlay:interop/server",
        path: ["../../.built/wit/types.wit", "../../.built/wit/hello.wit", "../../.built/wit/interop.wit"],
        generate_all,
    });
}

#[derive(Clone, Copy)]
struct Server;

type Headers = Option<async_nats::HeaderMap>;

macro_rules! echoes {
    ($($func:ident: $type:ty,)+) => {
        impl types::Handler<Headers> for Server {
            $(async fn $func(&self, _: Headers, v: $type) -> anyhow::Result<$type> {
                Ok(v)
            })+

            async fn echo_three(
                &self,
                _: Headers,
                a: u8,
                b: String,
                c: Option<f64>,
            ) -> anyhow::Result<(u8, String, Option<f64>)> {
                Ok((a, b, c))
            }
        }
    };
}

echoes! {
    echo_bool: bool,
    echo_u8: u8,
    echo_s8: i8,
    echo_u16: u16,
    echo_s16: i16,
    echo_u32: u32,
    echo_s32: i32,
    echo_u64: u64,
    echo_s64: i64,
    echo_f32: f32,
    echo_f64: f64,
    echo_char: char,
    echo_string: String,
    echo_strings: Vec<String>,
    echo_bytes: Bytes,
    echo_s8_list: Vec<i8>,
    echo_bools: Vec<bool>,
    echo_chars: Vec<char>,
    echo_u64_list: Vec<u64>,
    echo_f64_list: Vec<f64>,
    echo_matrix: Vec<Vec<u32>>,
    echo_pairs: Vec<(String, u32)>,
    echo_point: Point,
    echo_points: Vec<Point>,
    echo_person: Person,
    echo_people: Vec<Person>,
    echo_wide: Wide,
    echo_shape: Shape,
    echo_shapes: Vec<Shape>,
    echo_color: Color,
    echo_colors: Vec<Color>,
    echo_flags8: Three,
    echo_flags16: Nine,
    echo_flags17: Seventeen,
    echo_flags32: ThirtyTwo,
    echo_flags_list: Vec<Nine>,
    echo_option: Option<u32>,
    echo_option_string: Option<String>,
    echo_option_option: Option<Option<bool>>,
    echo_options: Vec<Option<i16>>,
    echo_result: Result<(), ()>,
    echo_result_ok: Result<u64, ()>,
    echo_result_err: Result<(), String>,
    echo_result_both: Result<Point, Shape>,
    echo_result_nested: Result<Result<String, u8>, Color>,
    echo_results: Vec<Result<String, u32>>,
    echo_tuple: (u8, String, f64),
    echo_tuple_nested: ((bool, u64), Option<(char, i8)>),
}

impl greeter::Handler<Headers> for Server {
    /// The name `headers` is answered with what came along with the call.
    async fn greet(&self, headers: Headers, name: String) -> anyhow::Result<String> {
        if name != "headers" {
            return Ok(format!("Hello, {name}, from Rust!"));
        }
        let mut lines: Vec<String> = headers
            .iter()
            .flat_map(async_nats::HeaderMap::iter)
            .flat_map(|(name, values)| values.iter().map(move |value| format!("{name}: {value}")))
            .collect();
        lines.sort();
        Ok(lines.join("\n"))
    }

    async fn hello(&self, _: Headers) -> anyhow::Result<String> {
        Ok("hello from Rust".into())
    }

    async fn add(&self, _: Headers, a: u32, b: u32) -> anyhow::Result<u32> {
        Ok(a.wrapping_add(b))
    }

    async fn echo(&self, _: Headers, data: Bytes) -> anyhow::Result<Bytes> {
        // What a host does with a trap: the call was accepted, and its results end before they begin.
        anyhow::ensure!(data != "fail", "asked to fail");
        Ok(data)
    }
}

pub async fn serve(
    nats: &async_nats::Client,
    wrpc: &wrpc_transport_nats::Client,
) -> anyhow::Result<()> {
    crate::serving::serve(nats, bindings::serve(wrpc, Server).await?).await
}
