using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Repeats;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Repeats;

public sealed class RepeatMemoTests
{
    private const string Answer = """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":2}}""";

    private static readonly string[] Paths = ["/v1/messages", "/v1/chat/completions", "/v1/responses"];

    /// <summary>Messages as clients write them, sloppy ones among them.</summary>
    private static readonly string[] Messages =
    [
        """{"role":"user","content":"hi"}""",
        """{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}""",
        """{"role":"user","content":[{"type":"text","text":"<system-reminder>x</system-reminder>do it"}]}""",
        """{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t1","name":"look","input":{"at":2,"b":1e2}}]}""",
        """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"is_error":true}]}""",
        """{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\": 1}"}}]}""",
        """{"role":"tool","tool_call_id":"c1","content":"seen"}""",
        """{"type":"function_call","call_id":"c2","name":"look","arguments":"{}"}""",
        """{"type":"function_call_output","call_id":"c2","output":"seen"}""",
        """{"role":"system","content":"You are.\nWorking directory: /srv/app\n"}""",
        """{ "role" : "user" , "content" : "blank,\u0020[]]}\"" }""",
        """{"role":"user","content":"half \ud83d"}""",
        """{"role":"user","content":"CRITICAL: Respond with TEXT ONLY"}""",
        "\"a string\"", "17", "null", "[1,2]", """{"a":1,"a":2}""", """{"role":"user","content":1e999}""",
    ];

    private static readonly string[] Rests =
    [
        """ "model":"m","max_tokens":9""",
        """ "model":"m","system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"look","input_schema":{"b":1,"a":2}}]""",
        """ "model":"m","system":[{"type":"text","text":"be bries","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"look","input_schema":{"b":1,"a":2}}]""",
        """ "tools":[{"name":"look","input_schema":{"b":1,"a":2}}],"system":[{"type":"text","text":"be brief"}],"model":"m" """,
        """ "instructions":"be brief","tools":[],"previous_response_id":"r" """,
        """ "x":{"messages":[1],"input":[2]},"stream":true""",
        """ "model":"m","metadata":{"user_id":"user_abc_account__session_0f6b1f6e-0000-4000-8000-000000000001"}""",
    ];

    [Fact]
    public void With_a_memo_and_without_one_the_meaning_is_the_same()
    {
        var edit = Gen.Frequency(
            (6, Gen.Constant("add")), (1, Gen.Constant("fork")), (1, Gen.Constant("replace")), (1, Gen.Constant("again")), (1, Gen.Constant("break")),
            (1, Gen.Constant("compact")), (1, Gen.Constant("cut")), (1, Gen.Constant("redact")), (1, Gen.Constant("other dialect")), (1, Gen.Constant("blanks")));
        var step = from what in edit
                   from message in Gen.Choose(0, Messages.Length - 1)
                   from count in Gen.Choose(1, 6)
                   from rest in Gen.Choose(0, Rests.Length - 1)
                   from before in Gen.Elements(true, false)
                   from separator in Gen.Elements(",", " ,\n ")
                   select (what, message, count, rest, before, separator);
        var world = from path in Gen.Elements(Paths)
                    from steps in step.ListOf().Resize(40)
                    from bytesMax in Gen.Elements(0L, 9_000L, RepeatMemo.BytesMaxDefault)
                    from isGrown in Gen.Elements(true, false)
                    select (path, steps, bytesMax, isGrown);

        Prop.ForAll(Arb.From(world), given =>
        {
            var (path, steps, bytesMax, isGrown) = given;
            var grown = new GrownBodies();
            var memo = new RepeatMemo(bytesMax);
            var with = new ExchangeInterpreter(PriceBook.Embedded, memo);
            var without = new ExchangeInterpreter(PriceBook.Embedded);
            List<string> history = [Messages[0], Messages[3]];
            foreach (var (what, message, count, rest, before, separator) in steps)
            {
                Change(history, what, message, count);
                var asked = what == "other dialect" ? Paths[message % Paths.Length] : path;
                var name = path == "/v1/responses" ? "input" : "messages";
                var list = $"\"{name}\":[{string.Join(separator, history)}{(what == "break" ? "," : "")}]";
                var body = before ? $"{{{Rests[rest]},{list}}}" : $"{{{list},{Rests[rest]}}}";
                var exchange = Sent(asked, what, what == "break" && count > 3 ? body[..^1] + $",{list}}}" : body, count);

                var meaning = with.Interpret(isGrown ? exchange with { Request = grown.Take(exchange.Request, count, message * 11) } : exchange);
                if (count % 2 == 0)
                {
                    meaning.Exchange.Request.Grown?.LetGo();
                }

                Assert.Equal(Meaning(without.Interpret(exchange)), Meaning(meaning));
                Assert.Equal(exchange.Request.Hashed().Sha256, meaning.Exchange.Request.Hashed().Sha256);
                Assert.InRange(memo.Bytes, 0, bytesMax);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public void What_was_met_is_not_read_again()
    {
        var memo = new RepeatMemo();
        var interpreter = new ExchangeInterpreter(memo: memo);
        List<string> history = [];
        for (var turn = 0; turn < 50; turn++)
        {
            history.Add($$"""{"role":"user","content":"question {{turn}} {{new string('q', 2000)}}"}""");
            history.Add($$"""{"role":"assistant","content":"answer {{turn}}"}""");
            history.Add($$"""{"role":"user","content":"again {{turn}}"}""");
            interpreter.Interpret(Invented.Exchange("/v1/messages", $$"""{"model":"m","messages":[{{string.Join(',', history)}}]}""", Answer));
            history.RemoveAt(history.Count - 1);
        }

        var whole = string.Join(',', history);
        using var decoded = Lethe.Capture.Decoding.TurnDecoder.Decode(
            Invented.Exchange("/v1/messages", $$"""{"model":"m","messages":[{{whole}},{"role":"user","content":"new"}]}""", Answer), memo);

        Assert.Equal(101, decoded.Turn!.Prompt.Count);
        Assert.Equal(5, decoded.RequestJson!.Value.GetProperty("messages").GetArrayLength());
        Assert.InRange(memo.Bytes, whole.Length, whole.Length * 2);
    }

    [Fact]
    public void What_the_journal_knows_to_be_repeated_is_not_asked_for()
    {
        var memo = new RepeatMemo();
        var interpreter = new ExchangeInterpreter(memo: memo);
        var grown = new GrownBodies();
        List<string> history = [];
        for (var turn = 0; turn < 50; turn++)
        {
            history.Add($$"""{"role":"user","content":[{"type":"text","text":"question {{turn}} {{new string('q', 2000)}}"}]}""");
            var marked = history[^1].Replace("}]}", ",\"cache_control\":{\"type\":\"ephemeral\"}}]}", StringComparison.Ordinal);
            var exchange = Invented.Exchange("/v1/messages", $$"""{"model":"m","messages":[{{string.Join(',', history.SkipLast(1).Append(marked))}}],"system":"be brief"}""", Answer);
            history.Add($$"""{"role":"assistant","content":"answer {{turn}}"}""");
            grown.Asked = 0;

            var meaning = interpreter.Interpret(exchange with { Request = grown.Take(exchange.Request) });

            Assert.Equal(exchange.Request.Hashed().Sha256, meaning.Exchange.Request.Sha256);
            Assert.Equal((turn * 2) + 2, meaning.Chain!.Nodes.Count);
            Assert.True(turn < 6 || grown.Asked < 4_500, $"Of a history of {exchange.Request.KeptBytes} bytes {grown.Asked} were read again at turn {turn}.");
        }

        Assert.InRange(memo.Bytes, 0, 3 * 50 * 2_500);
    }

    [Fact]
    public void A_hundred_conversations_that_begin_alike_are_each_gone_on_with()
    {
        const int Conversations = 100;
        var interpreter = new ExchangeInterpreter(memo: new RepeatMemo());
        var grown = new GrownBodies();
        var alike = new string('q', 5_000);
        for (var turn = 0; turn < 12; turn++)
        {
            grown.Asked = 0;
            for (var conversation = 0; conversation < Conversations; conversation++)
            {
                var history = Enumerable.Range(0, (2 * turn) + 1).Select(at => $$"""{"role":"{{(at % 2 == 0 ? "user" : "assistant")}}","content":"{{(at == 0 ? alike : "")}} {{at}} of {{conversation}}"}""");
                var exchange = Invented.Exchange("/v1/messages", $$"""{"model":"m","messages":[{{string.Join(',', history)}}]}""", Answer);

                interpreter.Interpret(exchange with { Request = grown.Take(exchange.Request, back: Conversations) });
            }

            Assert.True(turn < 8 || grown.Asked < Conversations * 500, $"{grown.Asked} repeated bytes were read again at turn {turn}.");
        }
    }

    [Fact]
    public void Another_dialect_reads_the_same_bytes_in_its_own_way()
    {
        var interpreter = new ExchangeInterpreter(memo: new RepeatMemo());
        var body = $$"""{"model":"m","messages":[{{string.Join(',', Messages[..9])}}]}""";
        foreach (var path in Paths.Concat(Paths))
        {
            var exchange = Invented.Exchange(path, body, Answer);

            Assert.Equal(Meaning(new ExchangeInterpreter().Interpret(exchange)), Meaning(interpreter.Interpret(exchange)));
        }
    }

    [Fact]
    public void One_memo_serves_many_threads()
    {
        var memo = new RepeatMemo(20_000);
        var interpreter = new ExchangeInterpreter(memo: memo);
        var bodies = Enumerable.Range(0, 200).Select(turn =>
            $$"""{"model":"m","messages":[{{string.Join(',', Enumerable.Range(0, 3 + (turn / 4)).Select(at => $$"""{"role":"user","content":"{{(turn % 4) + (at * 7)}}"}"""))}}]}""").ToList();
        var expected = bodies.ConvertAll(body => Meaning(new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/messages", body, Answer))));

        Parallel.For(0, 4 * bodies.Count, at =>
            Assert.Equal(expected[at % bodies.Count], Meaning(interpreter.Interpret(Invented.Exchange("/v1/messages", bodies[at % bodies.Count], Answer)))));
    }

    private static void Change(List<string> history, string what, int message, int count)
    {
        switch (what)
        {
            case "add":
                history.AddRange(Enumerable.Range(message, count).Select(at => Messages[at % Messages.Length]));
                break;
            case "fork":
                history.RemoveRange(Math.Max(1, history.Count - count), history.Count - Math.Max(1, history.Count - count));
                break;
            case "replace":
                history[(message * count) % history.Count] = Messages[message];
                break;
            case "compact":
                history.RemoveRange(1, history.Count - 1);
                history.Add("""{"role":"user","content":"a summary of what was said"}""");
                break;
        }
    }

    private static CapturedExchange Sent(string path, string what, string body, int count)
    {
        body = what == "blanks" ? $" \n{body} \n" : body;
        var exchange = Invented.Exchange(path, body, Answer);
        return what switch
        {
            "cut" => exchange with { Request = exchange.Request with { Bytes = exchange.Request.Bytes[..^Math.Min(body.Length, count * 7)], Truncated = true } },
            "redact" => exchange with { Attributes = new Dictionary<string, string> { [ExchangeRedactor.BodiesAttribute] = "true" } },
            _ => exchange,
        };
    }

    private static string Meaning(InterpretedExchange told) => JsonSerializer.Serialize(new
    {
        told.Outcome,
        told.OutcomeReason,
        told.Envelope,
        told.Cost,
        told.RetryKey,
        Nodes = told.Chain?.Nodes.Select(node => $"{node.Hash} {node.Parent} {node.Depth} {node.Role} {Encoding.UTF8.GetString(node.Body.Span)}"),
        told.Chain?.PromptLength,
        Prompt = told.Turn?.Prompt.Select(message => new { message.Role, message.Blocks }),
        Results = told.Turn?.ToolResults,
        System = told.Turn?.System,
        Tools = told.Turn?.Tools,
        Turn = told.Turn is { } turn ? new { turn.Provider, turn.ModelRequested, turn.PreviousResponseId, turn.Stream, turn.ReplyText, turn.SystemSha256, turn.ToolsSha256 } : null,
    });
}
