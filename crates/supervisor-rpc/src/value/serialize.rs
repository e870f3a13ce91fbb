//! Anything that serde can write, to a [`Value`].

use serde::ser::{self, Serialize};

use super::{Value, ValueError};

/// The value of a serde structure: structs become structs, options nil or their content, enums their variant's name.
pub fn to_value<T: Serialize + ?Sized>(structure: &T) -> Result<Value, ValueError> {
    structure.serialize(ToValue)
}

struct ToValue;

/// Numbers beyond 64 signed bits are as good as the nearest.
fn integer(number: impl TryInto<i64>) -> Value {
    Value::Int(number.try_into().unwrap_or(i64::MAX))
}

impl ser::Serializer for ToValue {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = Sequence;
    type SerializeTuple = Sequence;
    type SerializeTupleStruct = Sequence;
    type SerializeTupleVariant = Variant<Sequence>;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Variant<Members>;

    fn serialize_bool(self, flag: bool) -> Result<Value, ValueError> {
        Ok(Value::Bool(flag))
    }

    fn serialize_i8(self, number: i8) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_i16(self, number: i16) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_i32(self, number: i32) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_i64(self, number: i64) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_u8(self, number: u8) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_u16(self, number: u16) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_u32(self, number: u32) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_u64(self, number: u64) -> Result<Value, ValueError> {
        Ok(integer(number))
    }

    fn serialize_f32(self, number: f32) -> Result<Value, ValueError> {
        Ok(Value::Double(number.into()))
    }

    fn serialize_f64(self, number: f64) -> Result<Value, ValueError> {
        Ok(Value::Double(number))
    }

    fn serialize_char(self, character: char) -> Result<Value, ValueError> {
        Ok(Value::String(character.into()))
    }

    fn serialize_str(self, text: &str) -> Result<Value, ValueError> {
        Ok(text.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, ValueError> {
        Ok(Value::String(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, content: &T) -> Result<Value, ValueError> {
        content.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Nil)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, ValueError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        content: &T,
    ) -> Result<Value, ValueError> {
        content.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<Value, ValueError> {
        Ok(Value::Struct(vec![(variant.to_owned(), to_value(content)?)]))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Sequence, ValueError> {
        Ok(Sequence(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_tuple(self, length: usize) -> Result<Sequence, ValueError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Sequence, ValueError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Sequence>, ValueError> {
        Ok(Variant { variant, content: self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Members, ValueError> {
        Ok(Members { name: None, members: Vec::with_capacity(length.unwrap_or_default()) })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Members, ValueError> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Members>, ValueError> {
        Ok(Variant { variant, content: self.serialize_map(Some(length))? })
    }
}

/// The values of an array so far.
struct Sequence(Vec<Value>);

impl Sequence {
    fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), ValueError> {
        self.0.push(to_value(element)?);
        Ok(())
    }
}

impl ser::SerializeSeq for Sequence {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), ValueError> {
        self.push(element)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Array(self.0))
    }
}

impl ser::SerializeTuple for Sequence {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), ValueError> {
        self.push(element)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Array(self.0))
    }
}

impl ser::SerializeTupleStruct for Sequence {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), ValueError> {
        self.push(field)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Array(self.0))
    }
}

/// The members of a struct so far, and the name of the next one.
struct Members {
    name: Option<String>,
    members: Vec<(String, Value)>,
}

impl ser::SerializeMap for Members {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        match to_value(key)? {
            Value::String(name) => {
                self.name = Some(name);
                Ok(())
            }
            _ => Err(ValueError::KeyIsNoText),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let name = self.name.take().unwrap_or_default();
        self.members.push((name, to_value(value)?));
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Struct(self.members))
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        field: &T,
    ) -> Result<(), ValueError> {
        self.members.push((name.to_owned(), to_value(field)?));
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Struct(self.members))
    }
}

/// A variant with content: a struct whose one member has the variant's name.
struct Variant<T> {
    variant: &'static str,
    content: T,
}

impl ser::SerializeTupleVariant for Variant<Sequence> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), ValueError> {
        self.content.push(field)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Struct(vec![(self.variant.to_owned(), Value::Array(self.content.0))]))
    }
}

impl ser::SerializeStructVariant for Variant<Members> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        field: &T,
    ) -> Result<(), ValueError> {
        ser::SerializeStruct::serialize_field(&mut self.content, name, field)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(Value::Struct(vec![(self.variant.to_owned(), Value::Struct(self.content.members))]))
    }
}
