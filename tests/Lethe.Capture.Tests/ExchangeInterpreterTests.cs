using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests;

public sealed class ExchangeInterpreterTests
{
    private const string Messages = "/v1/messages";
    private const string Ask = """{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}""";
    private const string Overloaded = """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""";

    private const string Answer = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"hello"}],
         "stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":2}}
        """;

    private static readonly (string, string)[] Spoken =
    [
        ("message_start", """ "message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"usage":{"input_tokens":10,"output_tokens":1}}"""),
        ("content_block_start", """ "index":0,"content_block":{"type":"text","text":""}"""),
        ("content_block_delta", """ "index":0,"delta":{"type":"text_delta","text":"hello"}"""),
    ];

    private static readonly (string, string)[] Ended =
    [
        ("content_block_stop", """ "index":0"""),
        ("message_delta", """ "delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}"""),
        ("message_stop", ""),
    ];

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/chat/completions")]
    public void Nothing_said_is_the_same_message_as_text_or_as_an_empty_block(string path)
    {
        var chains = new[] { "\"\"", "[{\"type\":\"text\",\"text\":\"\"}]" }.Select(content => new ExchangeInterpreter().Interpret(
            Invented.Exchange(path, $$"""{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":{{content}}},{"role":"user","content":"more"}]}""", "{}"))
            .Chain!.Leaf);

        Assert.Single(chains.Distinct());
    }

    [Fact]
    public void A_whole_answer_is_a_completed_turn_with_its_chain_and_cost()
    {
        var meaning = new ExchangeInterpreter(PriceBook.Embedded).Interpret(Invented.Exchange(Messages, Ask, Answer));

        Assert.Equal((Outcome.Completed, null), (meaning.Outcome, meaning.OutcomeReason));
        Assert.True(meaning.IsTurn);
        Assert.Equal(2, meaning.Chain!.Nodes.Count);
        Assert.Equal(1, meaning.Chain.PromptLength);
        Assert.Equal((10 * 3_000) + (2 * 15_000), meaning.Cost!.Value.NanoUsd);
        Assert.Equal(64, meaning.RetryKey!.Length);
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("in_progress")]
    public void A_call_that_is_answered_later_is_complete_no_turn_and_of_a_session_by_the_promised_answer(string status)
    {
        var promise = $$"""{"id":"resp_1","object":"response","status":"{{status}}","background":true,"output":[],"usage":null}""";
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/responses", """{"model":"m","input":"hi","background":true}""", promise));
        var other = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/responses", "{}", promise.Replace("resp_1", "resp_2", StringComparison.Ordinal)));

        Assert.Equal((Outcome.Completed, "response_" + status, false), (meaning.Outcome, meaning.OutcomeReason, meaning.IsTurn));
        Assert.Equal((SessionIdOrigin.Synthetic, "inference:response_id"), (meaning.Envelope.IdOrigin, meaning.Envelope.Evidence["harness_session_id"]));
        Assert.NotEqual(meaning.Envelope.HarnessSessionId, other.Envelope.HarnessSessionId);
    }

    [Fact]
    public void An_answer_that_is_asked_for_by_its_id_has_no_session_by_itself()
    {
        var asked = Invented.Exchange(
            "/v1/responses/resp_1", "", """{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hello"}]}]}""");

        Assert.Null(new ExchangeInterpreter().Interpret(asked with { Method = "GET" }).Envelope.HarnessSessionId);
    }

    [Theory]
    [InlineData("\"conv_1\"", "conv_1", "body:conversation")]
    [InlineData("{\"id\":\"conv_1\"}", "conv_1", "body:conversation.id")]
    [InlineData("null", null, null)]
    public void A_conversation_that_the_vendor_keeps_is_the_session(string conversation, string? session, string? evidence)
    {
        var meaning = new ExchangeInterpreter().Interpret(Invented.Exchange("/v1/responses", $$"""{"model":"m","input":"hi","conversation":{{conversation}}}""", "{}"));

        Assert.Equal((session, evidence), (meaning.Envelope.HarnessSessionId, meaning.Envelope.Evidence.GetValueOrDefault("harness_session_id")));
    }

    [Theory]
    [InlineData(Ending.Completed, true, Outcome.Completed, null)]
    [InlineData(Ending.ClientAborted, true, Outcome.Completed, null)]
    [InlineData(Ending.UpstreamAborted, true, Outcome.Completed, null)]
    [InlineData(Ending.Incomplete, true, Outcome.Completed, null)]
    [InlineData(Ending.Completed, false, Outcome.Incomplete, "reply_without_end")]
    [InlineData(Ending.ClientAborted, false, Outcome.ClientAborted, "why")]
    [InlineData(Ending.UpstreamAborted, false, Outcome.UpstreamAborted, "reset")]
    [InlineData(Ending.Incomplete, false, Outcome.Incomplete, "why")]
    public void A_stream_is_judged_by_its_own_end_before_the_transports(Ending ending, bool whole, Outcome outcome, string? reason)
    {
        var meaning = Interpret(Streamed(whole ? [.. Spoken, .. Ended] : Spoken) with
        {
            Ending = ending,
            EndingReason = "why",
            TransportError = ending == Ending.UpstreamAborted ? new TransportError("reset", "connection reset by peer") : null,
        });

        Assert.Equal((outcome, reason), (meaning.Outcome, meaning.OutcomeReason));
        Assert.Equal("hello", meaning.Turn!.ReplyText);
    }

    [Fact]
    public void A_first_answer_that_was_cut_names_no_session_but_the_try_that_is_answered_does()
    {
        var cut = Interpret(Streamed(Spoken) with { Ending = Ending.UpstreamAborted });
        var whole = Interpret(Streamed([.. Spoken, .. Ended]));

        Assert.Null(cut.Envelope.HarnessSessionId);
        Assert.Equal(32, whole.Envelope.HarnessSessionId!.Length);
        Assert.Equal(whole.RetryKey, cut.RetryKey);
    }

    [Theory]
    [InlineData(Ending.NoResponse, Outcome.NoResponse, "connect")]
    [InlineData(Ending.ClientAborted, Outcome.ClientAborted, null)]
    [InlineData(Ending.Incomplete, Outcome.Incomplete, null)]
    public void Without_a_response_it_is_an_attempt(Ending ending, Outcome outcome, string? reason)
    {
        var meaning = Interpret(Invented.Exchange(Messages, Ask, "") with
        {
            Status = null,
            Ending = ending,
            TransportError = ending == Ending.NoResponse ? new TransportError("connect", "connection refused") : null,
        });

        Assert.Equal((outcome, reason), (meaning.Outcome, meaning.OutcomeReason));
        Assert.False(meaning.IsTurn);
        Assert.NotNull(meaning.RetryKey);
        Assert.Null(meaning.Envelope.HarnessSessionId);
    }

    [Theory]
    [InlineData(503, "upstream connect error")]
    [InlineData(504, """{"type":"error","error":{"type":"looks_real","message":"m"}}""")]
    [InlineData(200, """{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"hi"}]}""")]
    public void A_data_planes_own_reply_is_no_response_of_the_upstreams(int status, string body)
    {
        var meaning = Interpret(Invented.Exchange(Messages, Ask, body) with
        {
            Status = status,
            Ending = Ending.NoResponse,
            EndingReason = "local_reply",
            TransportError = new TransportError("connect", "remote_connection_failure"),
        });

        Assert.Equal((Outcome.NoResponse, "connect"), (meaning.Outcome, meaning.OutcomeReason));
        Assert.Equal(new ExchangeError("transport", "connect", null, "remote_connection_failure"), meaning.Turn!.Error);
        Assert.False(meaning.IsTurn);
    }

    [Theory]
    [InlineData(529, Overloaded, "overloaded_error")]
    [InlineData(502, "<html>bad gateway</html>", "http_502")]
    [InlineData(404, "", "http_404")]
    public void An_error_status_is_the_upstreams(int status, string body, string reason)
    {
        var meaning = Interpret(Invented.Exchange(Messages, Ask, body) with { Status = status });
        Assert.Equal((Outcome.UpstreamError, reason), (meaning.Outcome, meaning.OutcomeReason));
    }

    [Fact]
    public void An_error_in_the_middle_of_a_stream_is_the_upstreams_too()
    {
        var meaning = Interpret(Streamed([.. Spoken, ("error", """ "error":{"type":"overloaded_error","message":"Overloaded"}""")]));
        Assert.Equal((Outcome.UpstreamError, "overloaded_error"), (meaning.Outcome, meaning.OutcomeReason));
    }

    [Fact]
    public void Counting_tokens_is_completed_and_no_turn()
    {
        var meaning = Interpret(Invented.Exchange("/v1/messages/count_tokens", Ask, """{"input_tokens":8}"""));
        Assert.Equal(Outcome.Completed, meaning.Outcome);
        Assert.Equal("count_tokens", meaning.Envelope.RequestKind);
        Assert.False(meaning.IsTurn);
    }

    [Fact]
    public void Counting_tokens_is_told_apart_from_the_conversation_that_it_counts_for()
    {
        var count = Invented.Exchange("/v1/messages/count_tokens", Ask, """{"input_tokens":8}""") with
        {
            RequestHeaders = [new("x-claude-code-session-id", "s-1"), new("x-claude-code-request-class", "main")],
        };
        Assert.Equal(("s-1", "count_tokens"), (Interpret(count).Envelope.HarnessSessionId, Interpret(count).Envelope.RequestKind));
    }

    [Fact]
    public void What_nobody_knows_is_kept_with_its_reason()
    {
        var meaning = Interpret(Invented.Exchange("/v7/dreams", "zzz", "zzz"));
        Assert.Equal((Outcome.NotDecoded, "unknown_endpoint"), (meaning.Outcome, meaning.OutcomeReason));
        Assert.Equal(SessionEnvelope.UnknownHarness, meaning.Envelope.HarnessId);
    }

    [Fact]
    public void A_reply_longer_than_the_capture_is_no_failure_of_the_call()
    {
        var cut = Streamed(Spoken);
        var meaning = Interpret(cut with { Response = cut.Response with { Truncated = true } });
        Assert.Equal((Outcome.Completed, "capture_truncated"), (meaning.Outcome, meaning.OutcomeReason));
    }

    [Fact]
    public void A_conversation_without_ids_is_one_session_from_its_streamed_first_answer_on()
    {
        var first = Interpret(Streamed([.. Spoken, .. Ended]));
        var second = Interpret(Invented.Exchange(
            Messages,
            """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":"hello"},{"role":"user","content":"and?"}]}""",
            Answer));

        Assert.Equal(first.Chain!.Leaf, second.Chain!.Nodes[1].Hash);
        Assert.Equal(first.Envelope.HarnessSessionId, second.Envelope.HarnessSessionId);
        Assert.Equal(SessionIdOrigin.Synthetic, second.Envelope.IdOrigin);
    }

    [Theory]
    [InlineData(
        "/v1/chat/completions",
        """{"messages":[{"role":"user","content":"hi"}]}""",
        """{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","reasoning_content":"a greeting","content":"hello"}}]}""",
        """{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"and?"}]}""")]
    [InlineData(
        "/v1/responses",
        """{"input":[{"role":"user","content":"hi"}]}""",
        """{"object":"response","status":"completed","output":[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"hello"}]}]}""",
        """{"input":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"and?"}]}""")]
    [InlineData(
        Messages,
        """{"messages":[{"role":"user","content":"hi"}]}""",
        """{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"a greeting","signature":"s"},{"type":"text","text":"hello"}],"stop_reason":"end_turn"}""",
        """{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"and?"}]}""")]
    public void Thoughts_that_are_not_sent_again_do_not_split_a_session(string path, string ask, string answer, string askAgain)
    {
        var first = Interpret(Invented.Exchange(path, ask, answer)).Envelope;
        Assert.NotNull(first.HarnessSessionId);
        Assert.Equal(first.HarnessSessionId, Interpret(Invented.Exchange(path, askAgain, answer)).Envelope.HarnessSessionId);
        Assert.Equal(first.HarnessSessionId, Interpret(Invented.Exchange(path, askAgain, "") with { Status = 500 }).Envelope.HarnessSessionId);
    }

    [Fact]
    public void Cache_marks_and_spellings_that_change_between_requests_keep_the_chain()
    {
        var first = Interpret(Invented.Exchange(Messages, """
            {"messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>noon</system-reminder>"},{"type":"text","text":"go","cache_control":{"type":"ephemeral"}}]},
             {"role":"system","content":[{"type":"text","text":"# Environment"}]}]}
            """, Answer));
        var later = Interpret(Invented.Exchange(Messages, """
            {"messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>one</system-reminder>"},{"type":"text","text":"go"}]},
             {"role":"system","content":"# Environment"},{"role":"assistant","content":[{"type":"text","text":"hello"}]},
             {"role":"user","content":[{"type":"text","text":"more","cache_control":{"type":"ephemeral"}}]}]}
            """, Answer));

        Assert.Equal(first.Chain!.Nodes.Select(node => node.Hash), later.Chain!.Nodes.Take(3).Select(node => node.Hash));
    }

    [Fact]
    public void Bytes_of_any_kind_are_survived()
    {
        string[] paths = [Messages, "/v1/chat/completions", "/v1/responses", "/x"];
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte[]>(), (request, response) =>
            paths.All(path => Interpret(Invented.Exchange(path, request, response)).Envelope is not null)));
    }

    [Fact]
    public void Documents_cut_or_spoilt_anywhere_are_survived()
    {
        var ask = Encoding.UTF8.GetBytes(Ask);
        var answer = Encoding.UTF8.GetBytes(Invented.TypedEvents([.. Spoken, .. Ended]));
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<byte>(), (seed, letter) =>
        {
            var random = new Random(seed);
            byte[] spoilt = [.. ask];
            spoilt[random.Next(spoilt.Length)] = letter;
            return Interpret(Invented.Exchange(Messages, spoilt, answer[..random.Next(answer.Length)])).RetryKey is not null;
        }));
    }

    [Fact]
    public void A_count_beyond_any_use_is_not_known_and_costs_nothing()
    {
        var told = Interpret(Invented.Exchange("/v1/messages", "{}", """
            {"id":"m","type":"message","model":"claude-opus-4-8","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":9223372036854775807,"cache_read_input_tokens":5,"output_tokens":999999999999999}}
            """));

        Assert.Equal((null, 5L, true), (told.Turn!.Usage!.Input, told.Turn.Usage.CacheRead, told.IsTurn));
        Assert.Null(told.Cost);
    }

    private static CapturedExchange Streamed((string, string)[] events) =>
        Invented.Exchange(Messages, Ask.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal), Invented.TypedEvents(events)) with
        {
            ResponseHeaders = [new HeaderField("content-type", "text/event-stream")],
        };

    private static InterpretedExchange Interpret(CapturedExchange exchange) => new ExchangeInterpreter().Interpret(exchange);
}
