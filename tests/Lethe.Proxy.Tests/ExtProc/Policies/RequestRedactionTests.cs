using System.Text;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.ExtProc.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc.Policies;

/// <summary>Secrets in request bodies, on their way to the upstream.</summary>
public sealed class RequestRedactionTests
{
    private const string Secret = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
    private static readonly string Body = $$"""{"model":"m","messages":[{"role":"user","content":"für {{Secret}} – 漢字 👩‍💻 and {{Secret}}"}]}""";
    private static readonly string Redacted = Body.Replace(Secret, "[redacted:github_token]", StringComparison.Ordinal);

    [Theory]
    [InlineData("Streamed", false)]
    [InlineData("Streamed", true)]
    [InlineData("Buffered", false)]
    [InlineData("Buffered", true)]
    [InlineData("BufferedPartial", false)]
    [InlineData("FullDuplexStreamed", false)]
    [InlineData("FullDuplexStreamed", true)]
    public async Task A_secret_cut_by_chunks_does_not_reach_the_upstream_and_the_record_has_what_the_client_sent(string mode, bool trailers)
    {
        await using var world = await ExtProcWorld.StartAsync(Redacting);
        await using var connection = await world.ConnectAsync();
        foreach (var cut in (int[])[0, 1, 40, 60, 67, 75, 100, 110])
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, Body, trailers, cut));

            Assert.Equal((200, null), (seen.Status, seen.Fault));
            Assert.Equal(Redacted, Encoding.UTF8.GetString(seen.RequestBody));
            Assert.Equal(mode == "BufferedPartial" ? [] : ["content-length"], seen.Removed);
            Assert.All(seen.Pieces, piece => Assert.Equal(piece, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(piece))));
            var captured = await world.NextAsync();
            Assert.Equal(Body, Encoding.UTF8.GetString(captured.Request.Bytes.Span));
            Assert.Equal("2", captured.Attributes["lethe.extproc.request_replaced"]);
        }
    }

    [Theory]
    [InlineData("Streamed")]
    [InlineData("FullDuplexStreamed")]
    public async Task Any_split_of_the_body_gives_the_upstream_the_same_bytes(string mode)
    {
        await using var world = await ExtProcWorld.StartAsync(Redacting);
        await using var connection = await world.ConnectAsync();
        var pieces = Gen.Elements("plain ", "ü漢👩", Secret, "sk-", "sk-ant-api03-abcdefghij0123456789", "\\n", "API_KEY=", "hunter2 ", "\"", "Bearer ", "abcDEF123456xyz", "-----BEGIN RSA PRIVATE KEY-----", "MIIEabcdefghijklmnop", "\n\n", "\xff");
        var bodies = Gen.ListOf(pieces).Select(list => Encoding.UTF8.GetBytes(string.Concat(list))).Sample(60, 24);
        var random = new Random(20);
        foreach (var body in bodies)
        {
            using var whole = new StreamRedactor();
            byte[] expected = [.. whole.Append(body), .. whole.Complete()];
            var cuts = Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(body.Length + 1)).ToArray();

            var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, body, random.Next(2) == 0, cuts));

            Assert.Equal((200, null), (seen.Status, seen.Fault));
            Assert.Equal(expected, seen.RequestBody);
        }
    }

    [Fact]
    public async Task A_long_body_goes_on_in_pieces_that_fit_and_split_no_character()
    {
        await using var world = await ExtProcWorld.StartAsync(Redacting);
        await using var connection = await world.ConnectAsync();
        var text = string.Concat(Enumerable.Repeat("漢字ü", 60_000)) + Secret;

        var seen = await EnvoyPlayer.PlayAsync(connection, Call("FullDuplexStreamed", text, false, 1, 200_001));

        Assert.Equal(text.Replace(Secret, "[redacted:github_token]", StringComparison.Ordinal), Encoding.UTF8.GetString(seen.RequestBody));
        Assert.All(seen.Pieces, piece => Assert.InRange(piece.Length, 0, PassThrough.ChunkBytesMax));
        Assert.All(seen.Pieces, piece => Assert.Equal(piece, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(piece))));
    }

    [Fact]
    public async Task Events_go_on_whole()
    {
        await using var world = await ExtProcWorld.StartAsync(Redacting);
        await using var connection = await world.ConnectAsync();
        var text = string.Concat(Enumerable.Range(0, 200).Select(i => $"data: {{\"n\":{i},\"key\":\"{Secret}\"}}\n\n"));
        var call = Call("FullDuplexStreamed", text, false, 5, 1000, 1001, 5000) with { Headers = [("content-type", "text/event-stream; charset=utf-8")] };

        var seen = await EnvoyPlayer.PlayAsync(connection, call);

        Assert.Equal(text.Replace(Secret, "[redacted:github_token]", StringComparison.Ordinal), Encoding.UTF8.GetString(seen.RequestBody));
        Assert.All(seen.Pieces.Where(piece => piece.Length > 0), piece => Assert.EndsWith("\n\n", Encoding.UTF8.GetString(piece), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("content_coding", "Streamed", "content-encoding", "gzip")]
    [InlineData("content_coding", "FullDuplexStreamed", "content-encoding", "identity, zstd")]
    [InlineData("signed", "Streamed", "authorization", "AWS4-HMAC-SHA256 Credential=x")]
    [InlineData("signed", "Buffered", "content-digest", "sha-256=:x:")]
    [InlineData("not_text", "Streamed", "content-type", "multipart/form-data; boundary=x")]
    [InlineData("length_unknown", "Streamed", "content-type", "application/json")]
    public async Task A_body_that_a_change_would_harm_passes_as_it_is_and_the_record_says_why(string reason, string mode, string name, string value)
    {
        await using var world = await ExtProcWorld.StartAsync(Redacting);
        await using var connection = await world.ConnectAsync();
        (string, string)[] length = reason == "length_unknown" ? [] : [("content-length", $"{Encoding.UTF8.GetByteCount(Body)}")];

        var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, Body, true, 70) with { Headers = [(name, value), .. length] });

        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(Body, Encoding.UTF8.GetString(seen.RequestBody));
        Assert.Empty(seen.Removed);
        Assert.Equal(reason, (await world.NextAsync()).Attributes["lethe.extproc.request_passed"]);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Without_the_option_and_where_envoy_only_watches_nothing_is_changed(bool asked, bool observing)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.RedactRequests = asked);
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, Call("Streamed", Body, false, 70) with { Observing = observing });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(Body, Encoding.UTF8.GetString(seen.RequestBody));
        Assert.DoesNotContain((await world.NextAsync()).Attributes, pair => pair.Key.StartsWith("lethe.extproc.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Streamed", 1)]
    [InlineData("Streamed", 2)]
    [InlineData("Streamed", 3)]
    [InlineData("Buffered", 1)]
    [InlineData("FullDuplexStreamed", 1)]
    [InlineData("FullDuplexStreamed", 2)]
    [InlineData("FullDuplexStreamed", 3)]
    public async Task A_policy_that_fails_lets_every_byte_pass(string mode, int at)
    {
        var options = new ExtProcOptions { RedactRequests = true };
        var policies = new RequestPolicies(options, NullLogger<RequestPolicies>.Instance, () => FailingAt(at));
        await using var world = await ExtProcWorld.StartAsync(services: services => services.AddSingleton(policies));
        await using var connection = await world.ConnectAsync();
        foreach (var trailers in (bool[])[false, true])
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, Call(mode, Body, trailers, 30, 60));

            Assert.Equal((200, null), (seen.Status, seen.Fault));
            Assert.Equal(Body, Encoding.UTF8.GetString(seen.RequestBody));
            Assert.Equal("policy_fault", (await world.NextAsync()).Attributes["lethe.extproc.request_passed"]);
        }
    }

    // Holds everything back, and fails at its call of that number.
    private static RedactionWindow FailingAt(int number)
    {
        var (calls, held) = (0, 0);
        return (part, final, output) =>
        {
            output.Append("rubbish"u8[..(++calls == number ? 7 : 0)]);
            return calls == number ? throw new InvalidOperationException("made to fail") : held += part.Length;
        };
    }

    private static void Redacting(LetheOptions options) => options.ExtProc.RedactRequests = true;

    private static PlayedCall Call(string mode, string body, bool trailers, params int[] cuts) => Call(mode, Encoding.UTF8.GetBytes(body), trailers, cuts);

    private static PlayedCall Call(string mode, byte[] body, bool trailers, params int[] cuts)
    {
        int[] edges = [0, .. cuts.Order(), body.Length];
        return new PlayedCall
        {
            Request = Enum.Parse<BodyMode>(mode),
            RequestBody = [.. edges.Zip(edges.Skip(1), (from, to) => body[from..to])],
            RequestTrailers = trailers,
            Headers = [("content-type", "application/json"), ("content-length", $"{body.Length}")],
        };
    }
}
