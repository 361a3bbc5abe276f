using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Redaction;

/// <summary>Secrets in what a stream tells in pieces, and what becomes of conversations that hold them.</summary>
public sealed class EventRedactionTests
{
    private const string Secret = "sk-ant-api03-AbCdEf_123-456-789xyz";
    private const string Marked = "[redacted:anthropic_key]";

    private static readonly string[] Secrets = [Secret, "hunter2", "tok_en9", "0123456789abcdef", "two words"];

    private static readonly CredentialKey Key = new("0123456789abcdef0123456789abcdef"u8);

    private static readonly (string Path, Func<string[], string> Stream)[] Dialects =
    [
        ("/v1/messages", pieces => Invented.TypedEvents([
            ("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}"),
            ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            .. pieces.Select(piece => ("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":{JsonSerializer.Serialize(piece)}}}")),
            ("content_block_stop", "\"index\":0"),
            ("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}"),
            ("message_stop", "")])),
        ("/v1/chat/completions", pieces => Invented.DataEvents([
            .. pieces.Select(piece => $$$"""{"id":"i","choices":[{"index":0,"delta":{"content":{{{JsonSerializer.Serialize(piece)}}}}}]}"""),
            """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
            "[DONE]"])),
        ("/v1/responses", pieces => Invented.TypedEvents([
            ("response.created", "\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[]}"),
            .. pieces.Select(piece => ("response.output_text.delta", $"\"output_index\":0,\"content_index\":0,\"delta\":{JsonSerializer.Serialize(piece)}")),
            ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")])),
    ];

    [Fact]
    public void A_secret_spelled_over_several_events_goes_as_if_it_came_in_one() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, 2)), Arb.From(Gen.Choose(1, 40).ListOf()), Arb.From(Gen.Choose(1, 4000)), (dialect, cuts, partBytes) =>
        {
            var words = $"the key {Secret} is \\ \"secret\", password=hunter2\nend";
            var (path, stream) = Dialects[dialect];
            var wire = Encoding.UTF8.GetBytes(stream(Cut(words, cuts)));
            using var body = ExchangeRedactor.OpenBody([]);
            byte[] kept = [.. wire.Chunk(partBytes).SelectMany(part => body.Append(part)), .. body.Complete()];

            Assert.DoesNotContain("api03", Encoding.UTF8.GetString(kept), StringComparison.Ordinal);
            var turn = Invented.Decode(Invented.Exchange(path, "{}"u8.ToArray(), kept));
            Assert.Equal($"the key {Marked} is \\ \"secret\", password=[redacted:assigned_secret]\nend", turn.ReplyText);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Texts_that_are_told_by_turns_are_told_apart()
    {
        var stream = Invented.TypedEvents([
            .. Enumerable.Range(0, Secret.Length).SelectMany(at => new[] { 0, 1 }.Select(index =>
                ("content_block_delta", $"\"index\":{index},\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":\"{Secret[at]}\"}}"))),
        ]);
        using var body = ExchangeRedactor.OpenBody([]);
        var kept = Encoding.UTF8.GetString([.. body.Append(Encoding.UTF8.GetBytes(stream)), .. body.Complete()]);

        Assert.Equal(2, kept.Split(Marked).Length - 1);
        Assert.Equal(2 * Secret.Length, kept.Split("content_block_delta\"").Length - 1);
    }

    [Fact]
    public void A_stream_without_secrets_comes_out_byte_for_byte_and_not_only_at_its_end()
    {
        var stream = Encoding.UTF8.GetBytes(": ping\n\n" + string.Concat(Enumerable.Range(0, 2000).Select(number => $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word {number} \"}}}}]}}\r\n\r\n")) + "data: no json\n\ndata: {\"x\":");
        using var body = ExchangeRedactor.OpenBody([]);

        var heard = body.Append(stream);
        byte[] whole = [.. heard, .. body.Complete()];

        Assert.Equal(stream, whole);
        Assert.InRange(heard.Length, stream.Length - 2000, stream.Length);
    }

    [Fact]
    public void What_stands_in_an_event_beside_its_deltas_is_redacted_too()
    {
        using var body = ExchangeRedactor.OpenBody([new HeaderField("content-type", "application/x-ndjson")]);
        var kept = Encoding.UTF8.GetString([.. body.Append(Encoding.UTF8.GetBytes($"{{\"note\":\"{Secret}\",\"delta\":\"hi\"}}\nplain {Secret}\n")), .. body.Complete()]);

        Assert.Equal($"{{\"note\":\"{Marked}\",\"delta\":\"hi\"}}\nplain {Marked}\n", kept);
    }

    [Fact]
    public void Chains_and_sessions_are_the_same_with_redaction_and_without_but_for_the_marks()
    {
        var words = Gen.Elements("hello", "the key is " + Secret, "password=hunter2 ok", "export GH_TOKEN=tok_en9", "{\"password\":\"hunter2\"}", "and so on", "ä😀 \\ \"");
        var world = from dialect in Gen.Choose(0, 2)
                    from said in words.ListOf().Where(list => list.Count is > 0 and < 5)
                    from cuts in Gen.Choose(1, 9).ListOf()
                    select (dialect, said, cuts);
        Prop.ForAll(Arb.From(world), given =>
        {
            var (dialect, said, cuts) = given;
            var calls = Conversation(Dialects[dialect], said, cuts);
            var plain = calls.Select(call => new ExchangeInterpreter().Interpret(new ExchangeRedactor(Key, false).Redact(call))).ToList();
            var redacted = calls.Select(call => new ExchangeInterpreter().Interpret(new ExchangeRedactor(Key, true).Redact(call))).ToList();

            Assert.DoesNotContain("hunter2", JsonSerializer.Serialize(redacted.Select(one => Encoding.UTF8.GetString(one.Chain!.Nodes[^1].Body.Span))), StringComparison.Ordinal);
            Assert.Equal(Shape(plain.Select(one => one.Envelope.HarnessSessionId ?? "")), Shape(redacted.Select(one => one.Envelope.HarnessSessionId ?? "")));
            Assert.Equal(
                Shape(plain.SelectMany(one => one.Chain!.Nodes.Select(node => node.Hash.ToString()))),
                Shape(redacted.SelectMany(one => one.Chain!.Nodes.Select(node => node.Hash.ToString()))));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public void A_tool_call_is_hashed_as_the_next_request_repeats_it_whatever_secret_its_arguments_hold()
    {
        var values = Gen.Elements("ls", Secret, "curl -H 'x-api-key: 0123456789abcdef' h", "export GH_TOKEN=tok_en9", "{\"password\":\"hunter2\"}", "a=\"b\" && TOKEN=\"two words\" c", "postgres://u:hunter2@h/x");
        var world = from dialect in Gen.Choose(0, 2)
                    from name in Gen.Elements("command", "password", "api_key")
                    from value in values
                    from cuts in Gen.Choose(1, 9).ListOf()
                    select (dialect, Arguments: JsonSerializer.Serialize(new Dictionary<string, string> { [name] = value }), cuts);
        Prop.ForAll(Arb.From(world), given =>
        {
            var calls = Asked(given.dialect, given.Arguments, given.cuts);
            foreach (var bodies in new[] { false, true })
            {
                var chains = calls.Select(call => new ExchangeInterpreter().Interpret(new ExchangeRedactor(Key, bodies).Redact(call)).Chain!).ToList();

                Assert.Equal(2, chains[0].Nodes.Count);
                var said = string.Concat(chains[1].Nodes.Select(node => Encoding.UTF8.GetString(node.Body.Span)));
                Assert.Equal(!bodies && Secrets.Any(given.Arguments.Contains), Secrets.Any(said.Contains));
                Assert.Equal(chains[0].Nodes.Select(node => node.Hash), chains[1].Nodes.Take(2).Select(node => node.Hash));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    /// <summary>A call whose answer asks for a tool, and the next one, which repeats that.</summary>
    private static CapturedExchange[] Asked(int dialect, string arguments, List<int> cuts)
    {
        const string Start = "\"message\":{\"id\":\"m\",\"model\":\"c\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}";
        var path = Dialects[dialect].Path;
        var pieces = Cut(arguments, cuts).Select(piece => JsonSerializer.Serialize(piece)).ToList();
        var whole = JsonSerializer.Serialize(arguments);
        var list = dialect == 2 ? "input" : "messages";
        var (stream, repeated) = dialect switch
        {
            0 => (
                Invented.TypedEvents([
                    ("message_start", Start),
                    ("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}"),
                    .. pieces.Select(piece => ("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":{piece}}}")),
                    ("content_block_stop", "\"index\":0"),
                    ("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":9}"),
                    ("message_stop", "")]),
                $$"""{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{{arguments}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"done"}]}"""),
            1 => (
                Invented.DataEvents([
                    """{"id":"i","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"Bash","arguments":""}}]}}]}""",
                    .. pieces.Select(piece => $$$"""{"id":"i","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":{{{piece}}}}}]}}]}"""),
                    """{"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
                    "[DONE]"]),
                $$$"""{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"Bash","arguments":{{{whole}}}}}]},{"role":"tool","tool_call_id":"t","content":"done"}"""),
            _ => (
                Invented.TypedEvents([
                    ("response.created", "\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[]}"),
                    ("response.output_item.added", "\"output_index\":0,\"item\":{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"t\",\"name\":\"Bash\",\"arguments\":\"\"}"),
                    .. pieces.Select(piece => ("response.function_call_arguments.delta", $"\"output_index\":0,\"item_id\":\"f\",\"delta\":{piece}")),
                    ("response.output_item.done", $"\"output_index\":0,\"item\":{{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"t\",\"name\":\"Bash\",\"arguments\":{whole}}}"),
                    ("response.completed", "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}")]),
                $$"""{"type":"function_call","call_id":"t","name":"Bash","arguments":{{whole}}},{"type":"function_call_output","call_id":"t","output":"done"}"""),
        };
        var begins = Message(path, "user", "go");
        return [Call(begins), Call($"{begins},{repeated}")];

        CapturedExchange Call(string history) =>
            Invented.Exchange(path, $$"""{"model":"m","stream":true,"{{list}}":[{{history}}]}""", stream) with { Id = new ExchangeId(Guid.NewGuid()) };
    }

    /// <summary>A call for each thing said, which the next call repeats with its answer: the answer is what was said.</summary>
    private static List<CapturedExchange> Conversation((string Path, Func<string[], string> Stream) dialect, List<string> said, List<int> cuts)
    {
        List<CapturedExchange> calls = [];
        List<string> history = [];
        var list = dialect.Path == "/v1/responses" ? "input" : "messages";
        for (var i = 0; i < said.Count; i++)
        {
            var text = $"{i} {said[i]}";
            history.Add(Message(dialect.Path, "user", text));
            var request = $$"""{"model":"m","stream":true,"{{list}}":[{{string.Join(',', history)}}]}""";
            calls.Add(Invented.Exchange(dialect.Path, request, dialect.Stream(Cut("answer " + text, cuts))) with { Id = new ExchangeId(Guid.NewGuid()) });
            history.Add(Message(dialect.Path, "assistant", "answer " + text));
        }

        return calls;
    }

    private static string Message(string path, string role, string text) => path == "/v1/responses"
        ? $$"""{"type":"message","role":"{{role}}","content":[{"type":"{{(role == "user" ? "input_text" : "output_text")}}","text":{{JsonSerializer.Serialize(text)}}}]}"""
        : $$"""{"role":"{{role}}","content":{{JsonSerializer.Serialize(text)}}}""";

    private static string[] Cut(string text, List<int> cuts)
    {
        List<string> pieces = [];
        var at = 0;
        foreach (var cut in cuts.Append(text.Length))
        {
            var end = Math.Min(text.Length, at + cut);
            end += end < text.Length && char.IsLowSurrogate(text[end]) ? 1 : 0;
            pieces.Add(text[at..end]);
            at = end;
        }

        return [.. pieces.Where(piece => piece.Length > 0)];
    }

    /// <summary>The same numbers for the same names, in order of first mention.</summary>
    private static List<int> Shape(IEnumerable<string> names)
    {
        Dictionary<string, int> seen = [];
        return [.. names.Select(name => seen.TryGetValue(name, out var number) ? number : seen[name] = seen.Count)];
    }
}
