using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;

namespace Lethe.Capture.Tests.Redaction;

public sealed class ExchangeRedactorTests
{
    private static readonly CredentialKey Key = new("0123456789abcdef0123456789abcdef"u8);

    [Fact]
    public void No_credential_survives_in_whatever_header_or_parameter_it_came()
    {
        var headerNames = Gen.Elements(
            "authorization", "Authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "Set-Cookie", "proxy-authorization", "helicone-auth",
            "x-amz-security-token", "x-lethe-token", "x-codex-auth", "sec-websocket-protocol", "x-my-company", "x-portkey-api-key", "anthropic-api-key");
        var queryNames = Gen.Elements("key", "KEY", "api_key", "access_token", "token", "sig", "X-Amz-Signature", "X-Amz-Credential", "%6bey", "client_secret");
        var canary = Gen.Elements("abcdefghijklmnopqrstuvwxyz0123456789".ToCharArray()).ArrayOf(24).Select(letters => "canary" + new string(letters));
        var header = from name in headerNames
                     from value in canary
                     from scheme in Gen.Elements("", "Bearer ", "Basic ", "session=")
                     select (Field: new HeaderField(name, scheme + value), value);
        var parameter = from name in queryNames
                        from value in canary
                        select (Text: $"{name}={value}", value);
        var world = from request in header.ListOf()
                    from response in header.ListOf()
                    from query in parameter.ListOf()
                    from bodies in Gen.Elements(true, false)
                    select (request, response, query, bodies);

        Prop.ForAll(Arb.From(world), given =>
        {
            var (request, response, query, bodies) = given;
            var exchange = Exchange() with
            {
                Query = "?beta=true&" + string.Join('&', query.Select(part => part.Text)),
                RequestHeaders = [.. request.Select(part => part.Field), new("referer", "https://user:canary-in-userinfo@example.com/?key=canary-in-referer")],
                ResponseHeaders = [.. response.Select(part => part.Field)],
                ResponseTrailers = [.. response.Select(part => part.Field)],
                Attributes = query.Index().ToDictionary(part => $"request.path.{part.Index}", part => "/v1/x?" + part.Item.Text),
                UpstreamHost = "user:canary@example.com",
            };

            var redacted = new ExchangeRedactor(Key, bodies).Redact(exchange);

            var written = JsonSerializer.Serialize(redacted);
            Assert.DoesNotContain("canary", written, StringComparison.Ordinal);
            Assert.StartsWith("?beta=true", redacted.Query, StringComparison.Ordinal);
            Assert.True(redacted.CredentialFingerprint is not null || !request.Any(part => part.Field.Name.EndsWith("-key", StringComparison.Ordinal)));
            Assert.Equal(written, JsonSerializer.Serialize(new ExchangeRedactor(Key, bodies).Redact(redacted)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Fact]
    public void One_credential_has_one_fingerprint_in_whatever_way_it_is_sent()
    {
        CapturedExchange[] ways =
        [
            Exchange() with { RequestHeaders = [new("Authorization", "Bearer the-key")] },
            Exchange() with { RequestHeaders = [new("X-Api-Key", "the-key")] },
            Exchange() with { RequestHeaders = [new("x-goog-api-key", "the-key")] },
            Exchange() with { RequestHeaders = [new("sec-websocket-protocol", "realtime, openai-insecure-api-key.the-key, beta")] },
            Exchange() with { Query = "?alt=sse&key=the-key" },
            Exchange() with { Query = "?api_key=the%2Dkey" },
        ];

        Assert.Equal(Key.Fingerprint("the-key"), Assert.Single(ways.Select(way => new ExchangeRedactor(Key, false).Redact(way).CredentialFingerprint).Distinct()));
    }

    [Fact]
    public void A_signed_call_is_known_by_its_access_key_since_its_signature_changes()
    {
        var signed = Exchange() with { RequestHeaders = [new("authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=abc")] };
        var presigned = Exchange() with { Query = "?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus-east-1&X-Amz-Signature=abc" };

        Assert.Equal(Key.Fingerprint("AKIAIOSFODNN7EXAMPLE"), new ExchangeRedactor(Key, false).Redact(signed).CredentialFingerprint);
        Assert.Equal(Key.Fingerprint("AKIAIOSFODNN7EXAMPLE"), new ExchangeRedactor(Key, false).Redact(presigned).CredentialFingerprint);
    }

    [Theory]
    [InlineData("X-Claude-Code-Session-Id x-claude-code-agent-id x-claude-code-parent-agent-id x-claude-code-prompt-id x-claude-1p-request-class x-app")]
    [InlineData("session-id session_id conversation_id thread-id x-codex-parent-thread-id x-codex-turn-metadata x-codex-turn-state x-openai-subagent originator")]
    [InlineData("x-session-id x-session-affinity x-parent-session-id x-opencode-session x-kilocode-taskid x-kilocode-parent-taskid agent-session-id")]
    [InlineData("x-tapes-harness-id x-tapes-harness-session-id x-tapes-harness-metadata x-tapes-agent-name x-paper-auth-org-id x-paper-auth-subject")]
    [InlineData("x-lethe-harness-id x-lethe-metadata x-lethe-commit-key x-lethe-parent-harness-session-id x-lethe-cwd")]
    [InlineData("anthropic-ratelimit-input-tokens-remaining anthropic-ratelimit-unified-5h-utilization x-ratelimit-limit-tokens retry-after retry-after-ms")]
    [InlineData("request-id x-request-id x-client-request-id x-amzn-requestid apim-request-id x-generation-id x-litellm-call-id mistral-correlation-id num_tokens")]
    [InlineData("content-type content-encoding content-length transfer-encoding user-agent host accept accept-encoding date anthropic-version anthropic-beta openai-beta")]
    [InlineData("x-stainless-retry-count x-amzn-bedrock-input-token-count openai-processing-ms x-goog-api-client traceparent x-title http-referer x-roo-task-id")]
    public void What_a_record_needs_survives_in_its_case_order_and_number(string names)
    {
        HeaderField[] headers = [.. names.Split(' ').Select(name => new HeaderField(name, "value")), new("accept", "one"), new("accept", "two")];

        var redacted = new ExchangeRedactor(Key, false).Redact(Exchange() with { RequestHeaders = headers, ResponseHeaders = headers });

        Assert.Equal(headers, redacted.RequestHeaders);
        Assert.Equal(headers, redacted.ResponseHeaders);
        Assert.Null(redacted.CredentialFingerprint);
    }

    [Fact]
    public void Bodies_stay_as_they_are_until_their_redaction_is_switched_on()
    {
        var exchange = Exchange() with { Request = Body("{\"text\":\"AKIAIOSFODNN7EXAMPLE\"}"u8.ToArray()), Response = Body("plain"u8.ToArray()) };

        Assert.Equal(exchange.Request, new ExchangeRedactor(Key, false).Redact(exchange).Request);

        var redacted = new ExchangeRedactor(Key, true).Redact(exchange);
        Assert.Equal("{\"text\":\"[redacted:aws_access_key]\"}", Text(redacted.Request));
        Assert.Equal((exchange.Request.Sha256, exchange.Request.WireBytes), (redacted.Request.Sha256, redacted.Request.WireBytes));
        Assert.Equal("plain", Text(redacted.Response));
    }

    [Fact]
    public void A_coded_body_is_kept_plain_and_no_longer_claims_its_coding()
    {
        var exchange = Exchange() with
        {
            ResponseHeaders = [new("content-type", "text/event-stream"), new("Content-Encoding", "gzip")],
            Response = Body(Code("data: {\"text\":\"AKIAIOSFODNN7EXAMPLE\"}\n\n", "gzip")),
        };

        var redacted = new ExchangeRedactor(Key, true).Redact(exchange);

        Assert.Equal("data: {\"text\":\"[redacted:aws_access_key]\"}\n\n", Text(redacted.Response));
        Assert.Equal([new HeaderField("content-type", "text/event-stream")], redacted.ResponseHeaders);
        Assert.Equal("gzip", redacted.Attributes[ExchangeRedactor.ResponseCodingAttribute]);
        Assert.Equal(exchange.Response.Sha256, redacted.Response.Sha256);
        Assert.False(redacted.Response.Truncated);
    }

    [Theory]
    [InlineData("", "gzip")]
    [InlineData("", "zstd")]
    [InlineData("br", "gzip")]
    [InlineData("gzip", "")]
    [InlineData("zstd", "")]
    public void Where_label_and_coding_disagree_a_body_is_redacted_as_what_it_is(string label, string coding)
    {
        var wire = Code("{\"text\":\"AKIAIOSFODNN7EXAMPLE\"}", coding);
        foreach (var partBytes in new[] { 1, 7, wire.Length })
        {
            using var body = ExchangeRedactor.OpenBody([new("content-encoding", label)]);
            byte[] parts = [.. wire.Chunk(partBytes).SelectMany(part => body.Append(part)), .. body.Complete()];

            Assert.Equal("{\"text\":\"[redacted:aws_access_key]\"}", Encoding.UTF8.GetString(parts));
            Assert.Null(body.WithheldReason);
        }
    }

    [Fact]
    public void Where_bodies_are_withheld_no_header_keeps_the_prompt()
    {
        var metadata = """{"session_id":"s","thread_id":"t","turn_id":"u","request_kind":"turn","prompt":"what was said"}""";
        var exchange = Exchange() with { RequestHeaders = [new("X-Codex-Turn-Metadata", metadata)] };
        var withheld = exchange with { Attributes = new Dictionary<string, string> { [CapturedExchange.WithheldAttribute] = "sensitive" } };

        Assert.Equal(metadata, new ExchangeRedactor(Key, false).Redact(exchange).RequestHeaders[0].Value);
        Assert.Equal("""{"session_id":"s","thread_id":"t","turn_id":"u","request_kind":"turn"}""", new ExchangeRedactor(Key, false).Redact(withheld).RequestHeaders[0].Value);
        Assert.Equal("", new ExchangeRedactor(Key, false).Redact(withheld with { RequestHeaders = [new("x-codex-turn-metadata", "what was said")] }).RequestHeaders[0].Value);
    }

    [Fact]
    public void A_body_whose_coding_cannot_be_undone_is_withheld()
    {
        var exchange = Exchange() with { RequestHeaders = [new("content-encoding", "rot13")], Request = Body("NXVNVBFSBQAA7RKNZCYR"u8.ToArray()) };

        var redacted = new ExchangeRedactor(Key, true).Redact(exchange);

        Assert.True(redacted.Request.Bytes.IsEmpty);
        Assert.True(redacted.Request.Truncated);
        Assert.Equal("content_coding_unknown", redacted.Attributes[ExchangeRedactor.RequestWithheldAttribute]);
        Assert.Equal(exchange.Request.WireBytes, redacted.Request.WireBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("x-gzip, identity")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [InlineData("deflate")]
    public void A_body_in_parts_comes_out_as_the_whole_would(string coding)
    {
        var text = "{\"text\":\"AKIAIOSFODNN7EXAMPLE and TOKEN=abc\"}";
        var wire = Code(text, coding);

        foreach (var partBytes in new[] { 1, 7, wire.Length })
        {
            using var body = ExchangeRedactor.OpenBody([new("content-encoding", coding)]);
            byte[] parts = [.. wire.Chunk(partBytes).SelectMany(part => body.Append(part)), .. body.Complete()];

            Assert.Equal("{\"text\":\"[redacted:aws_access_key] and TOKEN=[redacted:env_secret]\"}", Encoding.UTF8.GetString(parts));
            Assert.Null(body.WithheldReason);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Members_of_gzip_that_follow_one_another_all_come_out(int partBytes)
    {
        using var body = ExchangeRedactor.OpenBody([new("content-encoding", "gzip")]);
        byte[] wire = [.. Code("one AKIAIOSFODNN7", "gzip"), .. Code("EXAMPLE two", "gzip")];

        byte[] parts = [.. wire.Chunk(partBytes).SelectMany(part => body.Append(part)), .. body.Complete()];

        Assert.Equal("one [redacted:aws_access_key] two", Encoding.UTF8.GetString(parts));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void A_long_coded_stream_comes_out_while_it_comes_in(string coding)
    {
        var random = new Random(7);
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(_ => random.Next(100_000) + (char)('g' + random.Next(9)) + "\n"));
        var wire = Code(text, coding);
        using var body = ExchangeRedactor.OpenBody([new("content-encoding", coding)]);

        var heard = wire.AsSpan(0, wire.Length / 2).ToArray().Chunk(1000).SelectMany(part => body.Append(part)).ToArray();
        byte[] rest = [.. body.Append(wire.AsSpan(wire.Length / 2)), .. body.Complete()];

        Assert.InRange(heard.Length, text.Length / 4, text.Length);
        Assert.Equal(text, Encoding.UTF8.GetString([.. heard, .. rest]));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void Of_a_coded_body_that_breaks_what_came_before_is_kept(string coding)
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(number => number * 7919 + "\n"));
        var cut = Exchange() with { ResponseHeaders = [new("content-encoding", coding)], Response = Body(Code(text, coding)[..^100]) };
        var garbage = cut with { Response = Body([.. Enumerable.Repeat((byte)0xEE, 200)]) };

        var kept = Text(new ExchangeRedactor(Key, true).Redact(cut).Response);
        var withheld = new ExchangeRedactor(Key, true).Redact(garbage);

        Assert.StartsWith(kept, text, StringComparison.Ordinal);
        Assert.InRange(kept.Length, text.Length / 2, text.Length);
        Assert.True(withheld.Response.Bytes.IsEmpty && withheld.Response.Truncated);
        Assert.Equal("content_coding_corrupt", withheld.Attributes[ExchangeRedactor.ResponseWithheldAttribute]);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public void What_follows_the_end_of_a_coded_body_is_not_gathered(string coding)
    {
        const int PartBytes = 16 * 1024;
        const int Parts = 256;
        using var body = ExchangeRedactor.OpenBody([new("content-encoding", coding)]);
        var noise = new byte[PartBytes];
        var before = GC.GetAllocatedBytesForCurrentThread();

        byte[] heard = [.. body.Append(Code("said", coding)), .. Enumerable.Range(0, Parts).SelectMany(_ => body.Append(noise)), .. body.Complete()];

        Assert.Equal("said", Encoding.UTF8.GetString(heard));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4L * Parts * PartBytes);
    }

    [Fact]
    public void Codings_on_top_of_each_other_are_bounded_in_number_and_each_in_its_size()
    {
        using var deep = ExchangeRedactor.OpenBody([new("content-encoding", string.Join(',', Enumerable.Repeat("gzip", 100)))]);
        Assert.Empty(deep.Append(Code("x", "gzip")));
        Assert.Empty(deep.Complete());
        Assert.Equal("content_coding_unknown", deep.WithheldReason);

        // A gzip of nothing but empty members unfolds to a hundred times its size, and to nothing in the end.
        byte[] nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        using var inner = new MemoryStream();
        using (var outer = new GZipStream(inner, CompressionLevel.Fastest, leaveOpen: true))
        {
            var block = Enumerable.Repeat(nothing, 50_000).SelectMany(member => member).ToArray();
            for (var i = 0; i < 70; i++)
            {
                outer.Write(block);
            }
        }

        using var wide = ExchangeRedactor.OpenBody([new("content-encoding", "gzip, gzip")]);
        Assert.Empty(wide.Append(inner.ToArray()));
        Assert.Empty(wide.Complete());
        Assert.Equal("decoded_too_large", wide.WithheldReason);
    }

    private static byte[] Code(string text, string codings)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var coding in codings.Split(", "))
        {
            using var coded = new MemoryStream();
            using (Stream into = coding switch
            {
                "gzip" or "x-gzip" => new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                "deflate" => new ZLibStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                "br" => new BrotliStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                "zstd" => new ZstdSharp.CompressionStream(coded, leaveOpen: true),
                _ => new BufferedStream(coded),
            })
            {
                into.Write(bytes);
                into.Flush();
                bytes = coding is "" or "identity" ? coded.ToArray() : bytes;
            }

            bytes = coding is "" or "identity" ? bytes : coded.ToArray();
        }

        return bytes;
    }

    private static string Text(CapturedBody body) => Encoding.UTF8.GetString(body.Bytes.Span);

    private static CapturedBody Body(byte[] bytes) => new() { Bytes = bytes, WireBytes = bytes.Length, Sha256 = "of the wire" };

    private static CapturedExchange Exchange() => new()
    {
        Id = new ExchangeId(Guid.Empty),
        CommitKey = "commit",
        Door = Door.Forwarding,
        CapturedAt = DateTimeOffset.UnixEpoch,
        Method = "POST",
        Path = "/v1/messages",
        Ending = Ending.Completed,
    };
}
