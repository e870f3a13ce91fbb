//! A [`Value`] to anything that serde can read.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Value, ValueError};

/// The structure of a value.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ValueError> {
    T::deserialize(value)
}

impl<'de> IntoDeserializer<'de, ValueError> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Self::Nil => visitor.visit_unit(),
            Self::Int(number) => visitor.visit_i64(number),
            Self::Bool(flag) => visitor.visit_bool(flag),
            Self::String(text) => visitor.visit_string(text),
            Self::Double(number) => visitor.visit_f64(number),
            Self::Array(values) => {
                let mut values = SeqDeserializer::new(values.into_iter());
                let result = visitor.visit_seq(&mut values)?;
                values.end()?;
                Ok(result)
            }
            Self::Struct(members) => {
                let mut members = MapDeserializer::new(members.into_iter());
                let result = visitor.visit_map(&mut members)?;
                members.end()?;
                Ok(result)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Self::Nil => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self {
            Self::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            Self::Struct(members) => visitor
                .visit_enum(de::value::MapAccessDeserializer::new(MapDeserializer::new(members.into_iter()))),
            _ => Err(de::Error::custom("expected the name of a variant")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::info::{StatusInfo, Tail, Uid};
    use crate::state::ProcessState;
    use crate::value::to_value;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        small: u8,
        wide: u64,
        float: f32,
        letter: char,
        text: String,
        absent: Option<i64>,
        present: Option<bool>,
        unit: (),
        pair: (i32, String),
        list: Vec<Uid>,
        map: BTreeMap<String, Tail>,
        state: ProcessState,
        shapes: Vec<Shape>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Point,
        Circle(i64),
        Line(i64, i64),
        Square { side: i64 },
    }

    #[test]
    fn every_kind_of_structure_survives_the_way() {
        let everything = Everything {
            small: 255,
            wide: 5_000_000_000,
            float: 0.5,
            letter: 'é',
            text: "t".into(),
            absent: None,
            present: Some(true),
            unit: (),
            pair: (-1, "p".into()),
            list: vec![Uid::Number(0), Uid::None("none".into())],
            map: BTreeMap::from([("a".into(), Tail("x".into(), 1, false))]),
            state: ProcessState::Fatal,
            shapes: vec![Shape::Point, Shape::Circle(1), Shape::Line(1, 2), Shape::Square { side: 3 }],
        };
        let value = to_value(&everything).expect("representable");
        assert_eq!(from_value::<Everything>(value), Ok(everything));
    }

    #[test]
    fn a_tail_is_an_array_of_three() {
        let value = Value::Array(vec!["log".into(), Value::Int(3), Value::Bool(false)]);
        assert_eq!(to_value(&Tail("log".into(), 3, false)), Ok(value.clone()));
        assert_eq!(from_value(value), Ok(Tail("log".into(), 3, false)));
    }

    #[test]
    fn members_that_nobody_knows_are_skipped() {
        let mut value = to_value(&StatusInfo {
            name: "n".into(),
            group: "g".into(),
            status: 80,
            description: "OK".into(),
        });
        if let Ok(Value::Struct(members)) = &mut value {
            members.push(("new".into(), Value::Array(vec![Value::Nil])));
        }
        assert_eq!(value.and_then(from_value::<StatusInfo>).map(|info| info.status), Ok(80));
    }

    #[test]
    fn an_error_says_what_was_expected() {
        let error = from_value::<bool>(Value::Int(1)).expect_err("not a boolean");
        assert_eq!(error.to_string(), "invalid type: integer `1`, expected a boolean");
    }

    proptest! {
        #[test]
        fn infos_survive_the_way(name in ".*", group in ".*", status in any::<i64>(), description in ".*") {
            let info = StatusInfo { name, group, status, description };
            prop_assert_eq!(to_value(&info).and_then(from_value::<StatusInfo>), Ok(info));
        }
    }
}
