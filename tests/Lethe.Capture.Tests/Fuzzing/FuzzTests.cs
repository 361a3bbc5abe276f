using System.Globalization;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;
using Lethe.Capture.Turns;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Mutated calls of every dialect in every framing. <c>LETHE_FUZZ_MUTATIONS</c> asks for another number of them, <c>LETHE_FUZZ_FIRST</c> for others.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int MutationsOfEveryRun = 200_000;

    /// <summary>A body of one kilobyte is allowed this much, and every byte more its share.</summary>
    private const long AllocatedBytesMax = 4 * 1024 * 1024;

    private const int AllocatedPerByteMax = 2_000;

    private const int FailuresMax = 20;

    /// <summary>A label of a coding that nobody has applied.</summary>
    private const string Mislabelled = "none";

    private static readonly string[] Codings = ["gzip", "deflate", "br", Mislabelled];

    [Fact]
    public void No_mutation_throws_allocates_without_bound_or_completes_what_says_nothing()
    {
        var first = Asked("LETHE_FUZZ_FIRST", 0);
        var count = Asked("LETHE_FUZZ_MUTATIONS", MutationsOfEveryRun);
        var decodedAtAll = 0;
        List<string> failures = [];
        for (var seed = first; seed < first + count; seed++)
        {
            var mutation = new Mutation(seed);
            var (exchange, bytes) = Mutate(mutation, breaksCodings: true);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var decoded = TurnDecoder.Decode(exchange);
                decodedAtAll += decoded.Turn?.Reply.Count > 0 ? 1 : 0;
                Check(decoded);
            }
            catch (Exception exception)
            {
                failures.Add($"mutation {seed}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > AllocatedBytesMax + ((long)bytes * AllocatedPerByteMax))
            {
                failures.Add($"mutation {seed} of {bytes} bytes allocated {allocated}");
            }

            Assert.True(failures.Count < FailuresMax, string.Join('\n', failures));
        }

        output.WriteLine($"{count} mutations from {first} on, {decodedAtAll} of them with a reply");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(decodedAtAll > count / 10, $"{decodedAtAll} of {count} mutations left a reply");
    }

    [Fact]
    public void However_the_bytes_are_split_what_is_kept_of_them_is_the_same()
    {
        for (var seed = 0; seed < MutationsOfEveryRun / 100; seed++)
        {
            var mutation = new Mutation(seed);
            var (exchange, _) = Mutate(mutation, breaksCodings: false);
            var body = exchange.Response.Bytes.ToArray();

            var whole = Redacted(exchange, [body]);
            List<byte[]> parts = [];
            for (var at = 0; at < body.Length;)
            {
                var length = Math.Min(1 + mutation.Next(40), body.Length - at);
                parts.Add(body[at..(at + length)]);
                at += length;
            }

            var split = Redacted(exchange, parts);
            Assert.True(whole.AsSpan().SequenceEqual(split), $"mutation {seed}: {whole.Length} bytes whole, {split.Length} in parts, {string.Join(' ', exchange.ResponseHeaders)}");
        }
    }

    /// <param name="breaksCodings">True to change coded bodies too.</param>
    private static (CapturedExchange Exchange, int Bytes) Mutate(Mutation mutation, bool breaksCodings)
    {
        var (path, request, response) = Seeds.All[mutation.Next(Seeds.All.Length)];
        var other = Seeds.All[mutation.Next(Seeds.All.Length)];
        path = mutation.Next(20) == 0 ? other.Path : path;
        request = mutation.Next(3) == 0 ? mutation.Of(request, other.Request) : request;
        var coding = mutation.Next(8) == 0 ? Codings[mutation.Next(Codings.Length)] : null;
        coding = coding == Mislabelled && !breaksCodings ? null : coding;
        response = mutation.Of(response, other.Response);
        if (coding is not (null or Mislabelled))
        {
            response = Coded.Encode(response, coding);
            response = breaksCodings && mutation.Next(2) == 0 ? mutation.Of(response, other.Response) : response;
        }

        var exchange = Invented.Exchange(path, request, response) with
        {
            Method = path.EndsWith("/content", StringComparison.Ordinal) ? "GET" : "POST",
            ResponseHeaders = coding is null ? [] : [new("content-encoding", coding == Mislabelled ? "gzip" : coding)],
            Status = mutation.Next(12) == 0 ? 429 : 200,
            Ending = mutation.Next(4) == 0 ? Ending.UpstreamAborted : Ending.Completed,
        };
        return (exchange, request.Length + response.Length);
    }

    private static void Check(DecodedExchange decoded)
    {
        if (decoded.Turn is not { } turn)
        {
            Assert.NotNull(decoded.NotDecodedReason);
            return;
        }

        foreach (var message in turn.Prompt.Concat(turn.Reply))
        {
            Assert.All(message.Blocks, block => Assert.NotNull(block.Type));
        }

        Assert.All(turn.ToolCalls, call => Assert.NotNull(call.ArgumentsJson));
        Assert.False(turn.Usage is { } usage && (usage.Input < 0 || usage.Output < 0 || usage.CacheRead < 0 || usage.CacheWrite < 0 || usage.Reasoning > usage.Output), "a count that cannot be");
        Assert.False(turn.ReplyComplete && turn.Error is { Phase: "stream" or "body" }, $"complete in spite of an error: {turn.Endpoint} {turn.Error}");
    }

    private static byte[] Redacted(CapturedExchange exchange, List<byte[]> parts)
    {
        using var redactor = ExchangeRedactor.OpenBody(exchange.ResponseHeaders);
        return [.. parts.SelectMany(part => redactor.Append(part)), .. redactor.Complete()];
    }

    private static int Asked(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : otherwise;
}
