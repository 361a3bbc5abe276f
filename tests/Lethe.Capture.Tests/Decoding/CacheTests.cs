using Lethe.Capture.Exchanges;
using Lethe.Capture.Tests.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>What a request asks of a vendor's cache, and what the vendor says of it.</summary>
public sealed class CacheTests
{
    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"hi"}]}""", null)]
    [InlineData("""{"tools":[{"name":"a"},{"name":"b","cache_control":{"type":"ephemeral"}}],"system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"5m"}}]}]}""", "tools.1:5m system.0:1h messages.1.1:5m")]
    [InlineData("""{"cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":"say \"cache_control\""}]}""", "request:5m")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"ttl":"a word that is far too long"}}]}]}""", "messages.0.0:5m")]
    public void Marks_are_told_by_their_places(string body, string? marks) => Assert.Equal(marks, Interpret(body).CacheMarks);

    [Fact]
    public void Thinking_and_the_choice_of_tools_are_parts_of_what_is_cached()
    {
        static string With(string members) => $$"""{ {{members}}"messages":[{"role":"user","content":"hi"}]}""";
        var sums = new[] { "\"thinking\":{\"type\":\"enabled\"},", "\"thinking\":{\"type\":\"disabled\"},", "\"tool_choice\":{\"type\":\"any\"}," }.Select(members => Interpret(With(members)).CacheParameters).ToList();
        Assert.Equal(3, sums.OfType<long>().Distinct().Count());
        Assert.Null(Interpret(With("")).CacheParameters);
    }

    [Theory]
    [InlineData("""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"diagnostics":{"cache_miss_reason":{"type":"tools_changed","cache_missed_input_tokens":812}},"usage":{"input_tokens":1,"output_tokens":1}}""")]
    [InlineData("data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"role\":\"assistant\",\"model\":\"m\",\"diagnostics\":{\"cache_miss_reason\":{\"type\":\"tools_changed\"},\"cache_missed_input_tokens\":812},\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\ndata: {\"type\":\"message_stop\"}\n\n")]
    public void The_vendors_diagnosis_is_kept(string answer) =>
        Assert.Equal(new CacheDiagnosis("tools_changed", 812), Interpret("""{"messages":[{"role":"user","content":"hi"}]}""", answer).CacheDiagnosis);

    [Theory]
    [InlineData("/v1/responses", """{"id":"r","object":"response","status":"completed","output":[],"prompt_cache_diagnostics":{"reason":"tools_changed","cache_missed_input_tokens":812}}""")]
    [InlineData("/v1/responses", "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[],\"prompt_cache_diagnostics\":{\"cache_miss_reason\":\"tools_changed\",\"cache_missed_input_tokens\":812}}}\n\n")]
    [InlineData("/v1/chat/completions", """{"id":"c","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"prompt_cache_diagnostics":{"cache_miss_reason":{"type":"tools_changed","cache_missed_input_tokens":812}}}""")]
    [InlineData("/v1/chat/completions", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"prompt_cache_diagnostics\":{\"reason\":\"tools_changed\",\"cache_missed_input_tokens\":812}}\n\ndata: [DONE]\n\n")]
    public void OpenAIs_diagnosis_is_kept_in_documents_and_streams(string path, string answer) =>
        Assert.Equal(new CacheDiagnosis("tools_changed", 812), Invented.Decode(Invented.Exchange(path, "{}", answer)).CacheDiagnosis);

    [Theory]
    [InlineData("""{"diagnostics":null}""")]
    [InlineData("""{"diagnostics":{"cache_miss_reason":null}}""")]
    [InlineData("""{"diagnostics":{"cache_miss_reason":{"type":"<script>"}}}""")]
    public void What_is_no_reason_is_none(string members) => Assert.Null(Interpret(
        """{"messages":[{"role":"user","content":"hi"}]}""", """{"type":"message","role":"assistant","content":[],""" + members[1..]).CacheDiagnosis);

    private static Turn Interpret(string request, string? answer = null)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(answer ?? "");
        var exchange = Call.Exchange("anthropic-version: 2023-06-01", request) with
        {
            Status = answer is null ? null : 200,
            Response = new CapturedBody { Bytes = bytes, WireBytes = bytes.Length },
        };
        return new ExchangeInterpreter().Interpret(exchange).Turn!;
    }
}
