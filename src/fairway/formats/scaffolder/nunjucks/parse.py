"""The grammar of texts: data, prints and tags.

Belongs here: which tags there are and how they nest. Never here: expressions (`expression`), what
tags do (`render`). Start at `parse_text`.
"""

from fairway.formats.scaffolder.nunjucks import node
from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.expression import ExpressionParser
from fairway.formats.scaffolder.nunjucks.node import Body, Node
from fairway.formats.scaffolder.nunjucks.token import Marks, list_tokens

_NOT_OFFERED = {
    **dict.fromkeys(("include", "import", "from", "extends", "block"), "no text includes another"),
    **dict.fromkeys(("asyncEach", "asyncAll", "ifAsync"), "nothing is awaited"),
    "call": "macros are called by their names",
}
_MOST_DEPTH = 50
DEFAULT_MARKS = Marks()


def parse_text(text: str, marks: Marks = DEFAULT_MARKS) -> Body:
    """Return the pieces of `text`.

    Raises:
        NunjucksError: with the line, the text is not Nunjucks or has a tag that is not offered.

    Example:
        >>> parse_text("a${{ b }}")
        (Text(line=1, text='a'), Print(line=1, value=Name(line=1, name='b')))
    """
    parser = _Parser(list_tokens(text, marks))
    body, end = parser.parse_body()
    if end:
        raise NunjucksError(f"the tag '{end}' is unknown, or nothing that it ends began")
    return body


class _Parser(ExpressionParser):
    _nesting = 0

    def parse_body(self, *ends: str) -> tuple[Body, str]:
        """Return pieces up to a tag among `ends`, and the tag, which is read up to its name."""
        pieces: list[Node] = []
        self._nesting += 1
        if self._nesting > _MOST_DEPTH:
            raise NunjucksError("tags are nested too deeply", line=self.line)
        while token := self.peek():
            self.next()
            if token.kind == "data":
                pieces.append(node.Text(token.line, token.value))
            elif token.kind == "print":
                pieces.append(node.Print(token.line, self.parse_expression()))
                self._end("end-print")
            else:
                line, tag = self.line, self.expect_name()
                if tag in ends:
                    self._nesting -= 1
                    return tuple(pieces), tag
                pieces.append(self._parse_tag(tag, line))
        if ends:
            raise NunjucksError(f"'{ends[-1]}' is missing", line=self.line)
        return tuple(pieces), ""

    def _end(self, kind: str) -> None:
        token = self.peek()
        if token is None or token.kind != kind:
            raise self.refuse("the end of the mark is expected")
        self.next()

    def _parse_tag(self, tag: str, line: int) -> Node:
        match tag:
            case "if":
                return self._parse_if(line)
            case "for":
                return self._parse_for(line)
            case "set":
                return self._parse_set(line)
            case "switch":
                return self._parse_switch(line)
            case "macro":
                return self._parse_macro(line)
            case "filter":
                return self._parse_filter(line)
        if tag in _NOT_OFFERED:
            raise NunjucksError(f"the tag '{tag}' is not offered: {_NOT_OFFERED[tag]}", line=line)
        why = f"the tag '{tag}' is unknown, or nothing that it ends began"
        raise NunjucksError(why, line=line)

    def _parse_if(self, line: int) -> Node:
        test = self.parse_expression()
        self._end("end-block")
        body, end = self.parse_body("elif", "elseif", "else", "endif")
        other: Body = ()
        if end in ("elif", "elseif"):
            return node.If(line, test, body, (self._parse_if(self.line),))
        self._end("end-block")
        if end == "else":
            other, _ = self.parse_body("endif")
            self._end("end-block")
        return node.If(line, test, body, other)

    def _parse_for(self, line: int) -> Node:
        names = [self.expect_name()]
        while self.skip_sign(","):
            names.append(self.expect_name())
        if not self.skip_name("in"):
            raise self.refuse("'in' is expected")
        values = self.parse_expression()
        self._end("end-block")
        body, end = self.parse_body("endfor", "else")
        self._end("end-block")
        other: Body = ()
        if end == "else":
            other, _ = self.parse_body("endfor")
            self._end("end-block")
        return node.For(line, tuple(names), values, body, other)

    def _parse_set(self, line: int) -> Node:
        names = [self.expect_name()]
        while self.skip_sign(","):
            names.append(self.expect_name())
        if self.skip_sign("="):
            value = self.parse_expression()
            self._end("end-block")
            return node.Set(line, tuple(names), value)
        self._end("end-block")
        body, _ = self.parse_body("endset")
        self._end("end-block")
        return node.Set(line, tuple(names), node.Capture(line, body))

    def _parse_switch(self, line: int) -> Node:
        value = self.parse_expression()
        self._end("end-block")
        # What is before the first case is no part of any.
        _, end = self.parse_body("case", "default", "endswitch")
        cases: list[tuple[Node, Body]] = []
        while end == "case":
            test = self.parse_expression()
            self._end("end-block")
            body, end = self.parse_body("case", "default", "endswitch")
            cases.append((test, body))
        if not cases:
            raise NunjucksError("'switch' has no 'case'", line=line)
        self._end("end-block")
        other: Body = ()
        if end == "default":
            other, _ = self.parse_body("endswitch")
            self._end("end-block")
        return node.Switch(line, value, tuple(cases), other)

    def _parse_macro(self, line: int) -> Node:
        name = self.expect_name()
        arguments, defaults = self.parse_arguments()
        parameters: list[str] = []
        for argument in arguments:
            if not isinstance(argument, node.Name):
                raise NunjucksError("the parameters of a macro are names", line=line)
            parameters.append(argument.name)
        self._end("end-block")
        body, _ = self.parse_body("endmacro")
        self._end("end-block")
        return node.Macro(line, name, tuple(parameters), defaults, body)

    def _parse_filter(self, line: int) -> Node:
        name = self.parse_filter_name()
        token = self.peek()
        is_call = token is not None and token.is_sign("(")
        arguments, named = self.parse_arguments() if is_call else ((), ())
        self._end("end-block")
        body, _ = self.parse_body("endfilter")
        self._end("end-block")
        value = node.Filter(line, name, node.Capture(line, body), arguments, named)
        return node.Print(line, value)
