using Lethe.Capture.Exchanges;
using Lethe.Capture.Prices;
using Lethe.Capture.Redaction;
using Lethe.Capture.Tests.Decoding;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>Mutated calls of every dialect in every framing. <c>LETHE_FUZZ_MUTATIONS</c> asks for another number of them, <c>LETHE_FUZZ_FIRST</c> for others.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int MutationsOfEveryRun = 40_000;

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
        var first = FuzzRun.Asked("LETHE_FUZZ_FIRST", 0);
        var count = FuzzRun.Asked("LETHE_FUZZ_MUTATIONS", MutationsOfEveryRun);
        var decodedAtAll = 0;
        List<string> failures = [];
        var interpreter = new ExchangeInterpreter(PriceBook.Embedded);
        for (var seed = first; seed < first + count; seed++)
        {
            var mutation = new Mutation(seed);
            var (exchange, bytes) = Mutate(mutation, breaksCodings: true);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var meaning = interpreter.Interpret(exchange);
                decodedAtAll += meaning.IsTurn ? 1 : 0;
                FuzzRun.Check(meaning);
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
        var first = FuzzRun.Asked("LETHE_FUZZ_FIRST", 0);
        for (var seed = first; seed < first + (FuzzRun.Asked("LETHE_FUZZ_MUTATIONS", MutationsOfEveryRun) / 50); seed++)
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
        var seed = Seeds.All[mutation.Next(Seeds.All.Length)];
        var other = Seeds.All[mutation.Next(Seeds.All.Length)];
        seed = mutation.Next(20) == 0 ? seed with { Path = other.Path, Method = other.Method, IsInSocket = other.IsInSocket } : seed;
        var request = mutation.Next(3) == 0 ? mutation.Of(seed.Request, other.Request) : seed.Request;
        var coding = mutation.Next(8) == 0 ? Codings[mutation.Next(Codings.Length)] : null;
        coding = coding == Mislabelled && !breaksCodings ? null : coding;
        var response = Response(mutation, seed, other);
        if (coding is not (null or Mislabelled))
        {
            response = Coded.Encode(response, coding);
            response = breaksCodings && mutation.Next(2) == 0 ? mutation.Of(response, other.Response) : response;
        }

        var exchange = seed.Exchange(request, response) with
        {
            ResponseHeaders = coding is null ? [] : [new("content-encoding", coding == Mislabelled ? "gzip" : coding)],
            Status = mutation.Next(12) == 0 ? 429 : 200,
            Ending = mutation.Next(4) == 0 ? Ending.UpstreamAborted : Ending.Completed,
        };
        return (exchange, request.Length + response.Length);
    }

    /// <summary>Where frames have sums, mostly what is in them changes and the sums are right.</summary>
    private static byte[] Response(Mutation mutation, Seed seed, Seed other)
    {
        if (seed.Framed is not { } framed)
        {
            return mutation.Of(seed.Response, other.Response);
        }

        return mutation.Next(4) == 0 ? mutation.Of(framed(seed.Response), other.Response) : framed(mutation.Of(seed.Response, other.Response));
    }

    private static byte[] Redacted(CapturedExchange exchange, List<byte[]> parts)
    {
        using var redactor = ExchangeRedactor.OpenBody(exchange.ResponseHeaders);
        return [.. parts.SelectMany(part => redactor.Append(part)), .. redactor.Complete()];
    }
}
