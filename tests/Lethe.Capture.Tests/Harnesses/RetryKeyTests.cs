using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class RetryKeyTests
{
    private const string Session = "x-session-id: s-1";

    [Fact]
    public void A_request_sent_again_with_its_members_in_another_order_has_the_same_key() => Assert.Equal(
        Key(Session, """{"model":"m","client_metadata":{"a":"1","b":"2"}}"""),
        Key(Session, """{"client_metadata":{"b":"2","a":"1"},"model":"m"}"""));

    [Theory]
    [InlineData("x-session-id: s-2", """{"model":"m"}""", "/v1/messages")]
    [InlineData("x-session-id: s-1\nx-lethe-thread-id: t", """{"model":"m"}""", "/v1/messages")]
    [InlineData("x-session-id: s-1\nx-claude-code-prompt-id: p\nuser-agent: claude-cli/2", """{"model":"m"}""", "/v1/messages")]
    [InlineData(Session, """{"model":"n"}""", "/v1/messages")]
    [InlineData(Session, """{"model":"m"}""", "/v1/messages/count_tokens")]
    public void Another_session_thread_prompt_body_or_path_has_another_key(string headers, string body, string path) =>
        Assert.NotEqual(Key(Session, """{"model":"m"}"""), Key(headers, body, path));

    [Theory]
    [InlineData("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", "/v1beta/models/gemini-3-pro:generateContent")]
    [InlineData("/v1beta/models/gemini-3-pro:streamGenerateContent?key=a&alt=sse", "/v1beta/models/gemini-3-pro:generateContent?key=a")]
    [InlineData("/v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict", "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict")]
    [InlineData("/model/amazon.nova-lite-v1%3A0/converse-stream", "/model/amazon.nova-lite-v1%3A0/converse")]
    [InlineData("/model/meta.llama3-8b-instruct-v1%3A0/invoke-with-response-stream", "/model/meta.llama3-8b-instruct-v1%3A0/invoke")]
    public void Where_the_path_asks_for_the_stream_the_same_call_without_one_has_the_same_key(string streamed, string whole)
    {
        Assert.Equal(Key(Session, "{}", streamed), Key(Session, "{}", whole));
        Assert.NotEqual(Key(Session, "{}", streamed), Key(Session, "{}", whole.Replace("/mod", "/x/mod", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/v2/chat")]
    [InlineData("/api/chat")]
    [InlineData("/api/generate")]
    [InlineData("/v1/complete")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/responses")]
    [InlineData("/v1beta/interactions")]
    public void Where_the_body_asks_for_the_stream_the_same_call_without_one_has_the_same_key(string path)
    {
        static string? Of(string path, string members) => new ExchangeInterpreter().Interpret(Call.Exchange(
            Session, $$"""{"model":"m",{{members}}"prompt":"hi","input":"hi","messages":[{"role":"user","content":"hi"}]}""", path)).RetryKey;

        Assert.Equal(Of(path, ""), Of(path, "\"stream\":true,"));
        Assert.Equal(Of(path, "\"stream\":false,"), Of(path, "\"stream\":true,\"stream_options\":{\"include_usage\":true},"));
        Assert.NotEqual(Of(path, ""), Of(path, "\"max_tokens\":9,"));
    }

    [Fact]
    public void Without_a_session_the_credential_tells_callers_apart()
    {
        var mine = Call.Exchange("", "{}");
        Assert.Equal(Key(mine), Key(Call.Exchange("", "{}")));
        Assert.NotEqual(Key(mine), Key(mine with { CredentialFingerprint = "someone else" }));
    }

    [Fact]
    public void The_first_answer_does_not_change_the_key()
    {
        var exchange = Call.Exchange("", "{}");
        using var json = JsonDocument.Parse("{}");
        var answered = Call.Detect(exchange, Call.Chain(("user", "hi"), ("assistant", "hello")));
        Assert.NotNull(answered.HarnessSessionId);
        Assert.Equal(Key(exchange), RetryKey.Of(exchange, json.RootElement, answered));
    }

    [Fact]
    public void Bytes_that_are_not_json_are_compared_as_bytes()
    {
        Assert.Equal(RawKey("{\"a\":"), RawKey("{\"a\":"));
        Assert.NotEqual(RawKey("{\"a\":"), RawKey("{\"b\":"));
        Assert.NotEqual(Key("", """{"a":1,"a":2}"""), Key("", """{"a":2,"a":2}"""));
        Assert.Null(RawKey(""));
    }

    private static string? RawKey(string body)
    {
        var exchange = Call.Exchange(Session, body);
        return RetryKey.Of(exchange, null, Call.Detect(Session));
    }

    private static string? Key(string headers, string body, string path = "/v1/messages") => Key(Call.Exchange(headers, body, path));

    private static string? Key(CapturedExchange exchange)
    {
        using var json = JsonDocument.Parse(exchange.Request.Bytes);
        return RetryKey.Of(exchange, json.RootElement, Call.Detect(exchange));
    }
}
