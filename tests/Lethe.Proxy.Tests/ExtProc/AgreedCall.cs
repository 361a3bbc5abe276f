using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Agents;

namespace Lethe.Proxy.Tests.ExtProc;

internal enum AgreedEnd
{
    Whole,
    UpstreamCut,
    ClientGone,
    ClientGoneEarly,
    Refused,
}

/// <summary>A call that goes through both doors: what is asked, what the model API answers, how it ends, and where the two records may differ.</summary>
internal sealed record AgreedCall(string Name, string Target)
{
    public string Method { get; init; } = "POST";

    public (string Name, string Value)[] Headers { get; init; } = [];

    /// <summary>Null for a call without a body.</summary>
    public byte[]? Question { get; init; }

    public int Status { get; init; } = 200;

    public (string Name, string Value)[] AnswerHeaders { get; init; } = [("content-type", "application/json")];

    public byte[] Answer { get; init; } = [];

    public AgreedEnd End { get; init; }

    /// <summary>What each door calls the outcome; the same where the end was seen.</summary>
    public (string Forwarded, string Shown) Outcomes { get; init; } = ("completed", "completed");

    /// <summary>Fields that only one door can know.</summary>
    public string[] Differs { get; init; } = [];
}

/// <summary>The table of calls on whose records the doors have to agree.</summary>
internal static class AgreedCalls
{
    private static readonly (string Forwarded, string Shown) NotDecoded = ("not_decoded", "not_decoded");

    private static readonly string[] EndUnknown = ["outcome", "outcome_reason", "error"];

    private static readonly (string Name, Dialect Dialect, string Target)[] Dialects =
    [
        ("messages", Dialect.Anthropic, "/anthropic/v1/messages"),
        ("responses", Dialect.Responses, "/openai/v1/responses"),
        ("chat", Dialect.Chat, "/openai/v1/chat/completions"),
    ];

    public static IReadOnlyList<AgreedCall> All { get; } = [.. Dialects.SelectMany(dialect => Spoken(dialect.Name, dialect.Dialect, dialect.Target)), .. Odd()];

    private static IEnumerable<AgreedCall> Spoken(string name, Dialect dialect, string target)
    {
        var say = new ModelReply.Say("Hello from both doors.");
        yield return Call("json") with { Answer = Whole(say) };
        yield return Call("json gzip") with { Answer = Gzip(Whole(say)), AnswerHeaders = [("content-type", "application/json"), ("content-encoding", "gzip"), ("request-id", "req_1")] };
        yield return Streamed("sse", say);
        yield return Streamed("sse with tools", new ModelReply.UseTools(("Bash", new { command = "ls" }), ("Read", new { path = "/etc/motd" })));
        yield return Coded(Streamed("sse gzip", say));
        yield return Error("400", 400, "invalid_request_error");
        yield return Error("429", 429, "rate_limit_error");
        yield return Error("529", 529, "overloaded_error");
        yield return Call("502 html") with { Status = 502, Answer = "<html>Bad Gateway</html>"u8.ToArray(), AnswerHeaders = [("content-type", "text/html")], Outcomes = ("upstream_error", "upstream_error") };
        yield return Cut(Streamed("sse cut", say), AgreedEnd.UpstreamCut, 3);
        yield return Cut(Streamed("sse left by its client", say), AgreedEnd.ClientGone, 3);
        var coded = Coded(Streamed("sse gzip cut", say));
        yield return Cut(coded, AgreedEnd.UpstreamCut, 3);
        yield return Call("client gone early") with { End = AgreedEnd.ClientGoneEarly, Outcomes = ("client_aborted", "no_response"), Differs = EndUnknown };
        yield return Call("big") with { Question = Asking("big", false, new string('x', 3_000_000)), Answer = Whole(new ModelReply.Say(new string('y', 2_000_000))) };

        AgreedCall Call(string kind) => new($"{name} {kind}", target) { Question = Asking(kind, false, ""), Headers = Known(name, kind) };
        AgreedCall Streamed(string kind, ModelReply reply) => Call(kind) with
        {
            Question = Asking(kind, true, ""),
            Answer = Encoding.UTF8.GetBytes(string.Concat(dialect.Stream(Asked(kind, true), reply))),
            AnswerHeaders = [("content-type", "text/event-stream; charset=utf-8"), ("request-id", "req_1")],
        };
        AgreedCall Error(string kind, int status, string type) => Call(kind) with
        {
            Status = status,
            Answer = JsonSerializer.SerializeToUtf8Bytes(new { type = "error", error = new { type, code = "c1", message = "Not now." } }),
            AnswerHeaders = [("content-type", "application/json"), ("retry-after", "2"), ("x-request-id", "req_2")],
            Outcomes = ("upstream_error", "upstream_error"),
        };
        byte[] Whole(ModelReply reply) => Encoding.UTF8.GetBytes(dialect.Whole(Asked("json", false), reply));
        ModelCall Asked(string kind, bool stream) => new(7, "POST", target, [], Asking(kind, stream, ""));
        byte[] Asking(string kind, bool stream, string more) => Body(name, $"{name} {kind} {more}", stream);
    }

    private static IEnumerable<AgreedCall> Odd()
    {
        var answer = Encoding.UTF8.GetBytes(Dialect.Anthropic.Whole(new ModelCall(1, "POST", "", [], Body("messages", "", false)), new ModelReply.Say("Yes.")));
        AgreedCall Messages(string name) => new(name, "/anthropic/v1/messages") { Headers = Known("messages", name), Question = Body("messages", name, false), Answer = answer };

        yield return Messages("query and repeated headers") with { Target = "/anthropic/v1/messages?beta=true", Headers = [.. Known("messages", "repeated"), ("anthropic-beta", "a-1"), ("anthropic-beta", "b-2")] };
        yield return Messages("own headers") with { Headers = [("content-type", "application/json"), ("x-lethe-harness-id", "mine"), ("x-lethe-harness-session-id", "s-1"), ("x-lethe-parent-harness-session-id", "p-1"), ("x-lethe-parent-harness-id", "mine")] };
        yield return Messages("nobody known") with { Headers = [("content-type", "application/json"), ("x-api-key", "sk-ant-invented")] };
        yield return Messages("no prefix") with { Target = "/v1/messages", Differs = ["upstream"] };
        yield return Messages("no json") with { Outcomes = NotDecoded, Question = "{\"model\":"u8.ToArray() };
        yield return Messages("answer that is no json") with { Outcomes = NotDecoded, Answer = "not json"u8.ToArray() };
        yield return Messages("announced length") with { AnswerHeaders = [("content-type", "application/json"), ("content-length", $"{answer.Length}")] };
        yield return Messages("empty answer") with { Outcomes = NotDecoded, Answer = [], AnswerHeaders = [("content-type", "application/json"), ("content-length", "0")] };
        yield return Messages("secret") with { Question = Body("messages", "my key is sk-ant-REDACTED-not-a-real-one", false) };
        yield return Messages("refused") with
        {
            Target = "/dead/v1/messages",
            End = AgreedEnd.Refused,
            Status = 503,
            Answer = "upstream connect error"u8.ToArray(),
            AnswerHeaders = [("content-type", "text/plain")],
            Outcomes = ("no_response", "no_response"),
            // What Envoy told its client is kept; what the forwarding door told its own is not. The fault is in each one's words.
            Differs = ["status", "response", "error"],
        };
        yield return new AgreedCall("models", "/openai/v1/models") { Method = "GET", Answer = """{"object":"list","data":[]}"""u8.ToArray() };
        yield return new AgreedCall("head", "/openai/v1/models") { Method = "HEAD" };
        yield return new AgreedCall("no content", "/openai/v1/files/f-1") { Method = "DELETE", Status = 204, AnswerHeaders = [] };
        yield return new AgreedCall("nothing known of it", "/openai/v1/other") { Outcomes = NotDecoded, Question = [0, 1, 2, 255], Answer = [255, 0], AnswerHeaders = [("content-type", "application/octet-stream")] };
    }

    private static AgreedCall Coded(AgreedCall call) => call with { Answer = Gzip(call.Answer), AnswerHeaders = [.. call.AnswerHeaders, ("content-encoding", "gzip")] };

    private static AgreedCall Cut(AgreedCall call, AgreedEnd end, int parts) => call with
    {
        Answer = call.Answer[..(call.Answer.Length * (parts - 1) / parts)],
        End = end,
        Outcomes = (end == AgreedEnd.UpstreamCut ? "upstream_aborted" : "client_aborted", "incomplete"),
        Differs = EndUnknown,
    };

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            // A server flushes after each event: what has come can be read.
            foreach (var part in bytes.Chunk(200))
            {
                gzip.Write(part);
                gzip.Flush();
            }
        }

        return packed.ToArray();
    }

    private static byte[] Body(string dialect, string text, bool stream) => dialect switch
    {
        "messages" => JsonSerializer.SerializeToUtf8Bytes(new { model = "claude-sonnet-4-5", max_tokens = 100, stream, system = "Be brief.", messages = new[] { new { role = "user", content = text } } }),
        "responses" => JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5.5", stream, instructions = "Be brief.", input = new[] { new { type = "message", role = "user", content = new[] { new { type = "input_text", text } } } } }),
        _ => JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-4o", stream, messages = new[] { new { role = "system", content = "Be brief." }, new { role = "user", content = text } } }),
    };

    // Each call is of a session of its own: a second turn would know of the first.
    private static (string Name, string Value)[] Known(string dialect, string kind)
    {
        var session = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(dialect + kind)).AsSpan(0, 16)).ToString();
        return dialect switch
        {
            "messages" => [("content-type", "application/json"), ("user-agent", "claude-cli/2.1.329 (external, cli)"), ("x-claude-code-session-id", session), ("x-api-key", "sk-ant-invented"), ("anthropic-version", "2023-06-01")],
            "responses" => [("content-type", "application/json"), ("user-agent", "codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)"), ("originator", "codex_exec"), ("session-id", session), ("thread-id", session), ("authorization", "Bearer sk-invented")],
            _ => [("content-type", "application/json"), ("user-agent", "OpenAI/JS 6.26.0"), ("authorization", "Bearer sk-invented")],
        };
    }
}
