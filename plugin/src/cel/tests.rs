//! Trees of expressions, and texts that are none.

use super::*;

/// A tree in brackets, so that expectations are short.
fn shape(node: &Node) -> String {
    let all = |nodes: &[Node]| {
        let shapes: Vec<String> = nodes.iter().map(shape).collect();
        shapes.join(" ")
    };
    match &node.expression {
        Expression::Literal(literal) => format!("{literal:?}"),
        Expression::Name(name) => name.clone(),
        Expression::Select(of, field) => format!("({}.{field})", shape(of)),
        Expression::Index(of, index) => format!("({}[{}])", shape(of), shape(index)),
        Expression::Call(None, name, arguments) => format!("({name}: {})", all(arguments)),
        Expression::Call(Some(target), name, arguments) => {
            format!("({} {name}: {})", shape(target), all(arguments))
        }
        Expression::List(items) => format!("[{}]", all(items)),
        Expression::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}={}", shape(key), shape(value)))
                .collect();
            format!("{{{}}}", entries.join(" "))
        }
        Expression::Message(name, fields) => format!("{name}{{{}}}", fields.len()),
        Expression::Unary(operator, of) => format!("({operator:?} {})", shape(of)),
        Expression::Binary(operator, left, right) => {
            format!("({} {operator:?} {})", shape(left), shape(right))
        }
        Expression::Choice(parts) => format!("({} ? {})", shape(&parts[0]), all(&parts[1..])),
    }
}

fn check(text: &str, expected: &str) {
    let node = read(text).unwrap_or_else(|fault| panic!("{text}: byte {}", fault.0));
    assert_eq!(shape(&node), expected, "{text}");
    assert_eq!(node.at, 0..text.len(), "{text}");
}

#[test]
fn operators_hold_as_the_grammar_says() {
    check("1 + 2 * 3", "(Int(1) Plus (Int(2) Times Int(3)))");
    check("1 - 2 - 3", "((Int(1) Minus Int(2)) Minus Int(3))");
    check("a && b || c && d", "((a And b) Or (c And d))");
    check("a == 1 && !b", "((a Equal Int(1)) And (Not b))");
    check("!!a", "(Not (Not a))");
    check("-a.b", "(Minus (a.b))");
    check("a in [1, 2,]", "(a In [Int(1) Int(2)])");
    check("a ? b : c ? d : e", "(a ? b (c ? d e))");
}

#[test]
fn members_are_fields_calls_and_indices() {
    check(
        "object('A', \"b\").spec.tls[0]['x']",
        "(((((object: Text(\"A\") Text(\"b\")).spec).tls)[Int(0)])[Text(\"x\")])",
    );
    check(
        "l.all(x, x.size() > 0)",
        "(l all: x ((x size: ) Greater Int(0)))",
    );
    check("{'a': 1, 2: [b]}", "{Text(\"a\")=Int(1) Int(2)=[b]}");
    check("a.b{c: 1}", "a.b{1}");
    check("a.`b-c/d`", "(a.b-c/d)");
    check(".a.b", "(a.b)");
}

#[test]
fn literals_are_read_with_their_escapes() {
    check("-9223372036854775808", "Int(-9223372036854775808)");
    check("0x1F", "Int(31)");
    check("7u", "Uint(7)");
    check("1.5e3", "Double(1500.0)");
    check(".5", "Double(0.5)");
    check("r'a\\n'", "Text(\"a\\\\n\")");
    check("'\\x41\\101\\u0042\\U00000043'", "Text(\"AABC\")");
    check("'''a\n'b'''", "Text(\"a\\n'b\")");
    check("b'\\xff'", "Bytes([255])");
    check("'{x}\\''", "Text(\"{x}'\")");
}

#[test]
fn what_is_no_expression_is_refused_where_it_ends() {
    for (text, at) in [
        ("", 0),
        ("a b", 2),
        ("a +", 3),
        ("'a", 0),
        ("'a\nb'", 2),
        ("f(a,)", 4),
        ("a[", 2),
        ("has(a)", 0),
        ("a.all(1, b)", 0),
        ("9223372036854775808", 0),
        ("'\\q'", 1),
        ("a # b", 2),
        ("a.1", 1),
    ] {
        assert_eq!(read(text), Err(Unreadable(at)), "{text}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let deep = "(".repeat(5_000);
    assert!(read(&deep).is_err());
    assert!(read(&format!("{}a{}", "(".repeat(50), ")".repeat(50))).is_ok());
    assert!(read(&"-".repeat(9_000)).is_err());
    assert!(read(&format!("a{}", ".b".repeat(4_000))).is_err());
    assert!(read(&vec!["a"; 2_000].join("||")).is_err());
    assert!(read(&"a".repeat(LONGEST + 1)).is_err());
    // Every prefix, and every text with one byte taken out.
    let text = "object('Ä', \"\\u00e4\").a[0] >= -1.5e3 ? {1u: b'\\x01'} : r'''x''' in [.y]";
    for (at, sign) in text.char_indices() {
        let _ = read(&text[..at]);
        let _ = read(&text[at..]);
        let _ = read(&format!("{}{}", &text[..at], &text[at + sign.len_utf8()..]));
    }
}
