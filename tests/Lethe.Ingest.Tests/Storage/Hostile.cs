using FsCheck;
using FsCheck.Fluent;
using Outcome = Lethe.Capture.Outcome;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>
/// Workloads out of a small alphabet, so that everything collides: times, sessions, parents across harnesses, circles, retries, words, tool calls.
/// Three harnesses, so that a parent named without one can be ambiguous.
/// </summary>
internal static class Hostile
{
    public static readonly string[] Orgs = ["00000000-0000-0000-0000-000000000000", "11111111-1111-1111-1111-111111111111"];

    private static readonly string?[] Sessions = [null, "s", "t", "u", "s", "t"];
    private static readonly string?[] Parents = [null, null, null, "s", "t", "u", "v"];
    private static readonly string[] Harnesses = ["a", "b", "c"];
    private static readonly string?[] ParentHarnesses = [null, null, "a", "b", "c"];
    private static readonly string[] ToolCalls = ["c", "d", ""];
    private static readonly string?[] RetryKeys = [null, null, "k", "l"];
    private static readonly string?[] Replies = [null, "x", "y", "x"];
    private static readonly string?[] Names = [null, "one", "two"];
    private static readonly Outcome[] Outcomes =
        [Outcome.Completed, Outcome.Completed, Outcome.UpstreamError, Outcome.ClientAborted, Outcome.NoResponse, Outcome.NotDecoded, Outcome.Incomplete];

    /// <summary>A workload of up to 24 exchanges, and a seed for the order in which it comes.</summary>
    public static Arbitrary<(int[] Seeds, int Order)> Workloads { get; } = Arb.From(
        Gen.Choose(0, 1_000_000)
            .ListOf()
            .Select(seeds => seeds.Take(24).ToArray())
            .SelectMany(seeds => Gen.Choose(0, 1_000_000).Select(order => (seeds, order))),
        Shrink);

    public static Told[] Tell(int[] seeds) => [.. seeds.Select((seed, i) => Tell(i + 1, seed))];

    /// <summary>The same exchanges in another order, some of them twice or thrice.</summary>
    public static Told[] Shuffle(Told[] told, int order)
    {
        var random = new Random(order);
        var all = told.Concat(told.Where(_ => random.Next(3) == 0)).Concat(told.Where(_ => random.Next(6) == 0)).ToArray();
        random.Shuffle(all);
        return all;
    }

    /// <summary>The same among exchanges of other workloads, with none of which it shares a session, a call or an answer.</summary>
    public static Told Apart(this Told told, int workload)
    {
        return told with
        {
            Number = (workload * 100) + told.Number,
            Session = Own(told.Session),
            Parent = Own(told.Parent),
            ForkedFrom = Own(told.ForkedFrom),
            RetryKey = Own(told.RetryKey),
            ResponseId = Own(told.ResponseId),
            Continues = Own(told.Continues),
        };

        string? Own(string? word) => word is null ? null : $"{word}-{workload}";
    }

    /// <summary>Delivers in transactions of random size, and closes the store and opens it again between some of them.</summary>
    public static void DeliverInBatches(this TestStore store, Told[] told, int order, Action? committed = null)
    {
        var random = new Random(order);
        for (var at = 0; at < told.Length;)
        {
            var count = Math.Min(told.Length - at, random.Next(1, 6));
            store.Deliver(told[at..(at + count)]);
            at += count;
            committed?.Invoke();
            if (random.Next(5) == 0)
            {
                store.Reopen();
            }
        }
    }

    private static Told Tell(int number, int seed)
    {
        var random = new Random(seed);
        T Any<T>(T[] choices) => choices[random.Next(choices.Length)];
        T[] Some<T>(T[] choices) => [.. Enumerable.Range(0, Math.Max(0, random.Next(5) - 2)).Select(_ => Any(choices))];
        var session = Any(Sessions);
        var outcome = Any(Outcomes);
        var told = new Told
        {
            Number = number,
            At = random.Next(4),
            Org = Orgs[random.Next(5) == 0 ? 1 : 0],
            Harness = Any(Harnesses),
            Session = session,
            Parent = session is null ? null : Any(Parents),
            ParentHarness = Any(ParentHarnesses),
            Name = Any(Names),
            Cwd = Any(Names),
            Subject = Any(Names),
            Metadata = random.Next(3) == 0 ? $$"""{"{{Any(["k", "l"])}}":{{random.Next(3)}}}""" : null,
            RetryKey = Any(RetryKeys),
            Outcome = outcome,
            Reply = outcome is Outcome.UpstreamError or Outcome.NoResponse ? null : Any(Replies),
            Prompt = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Any(["p", "q", "=c", "!c"]))],
            Cost = random.Next(3) == 0 ? null : 5,
            CacheRead = random.Next(3) == 0 ? null : seed % 2 == 0 ? 100 : 5000,
            CacheWrite = random.Next(3) == 0 ? 9 : null,
            Calls = Some(ToolCalls),
            Command = $"ls {number}",
            Answers = Some(ToolCalls[..2]),
            AnswersFail = random.Next(2) == 0,
            Thread = Any(Names),
            System = Any(Names),
            Reminder = Any(Names),
            Seconds = random.Next(3) == 0 ? 900 : null,
            CacheMarks = (seed % 3) switch { 0 => null, 1 => "messages.0.0:5m", _ => "system.0:1h messages.1.0:5m" },
            CacheParameters = seed % 5 == 0 ? 7 : null,
            RequestKind = (seed % 7) switch { 0 => "compaction", 1 => "title", 2 => "main", _ => null },
            ForkedFrom = seed % 11 == 0 ? "s" : null,
            ToolOutput = seed % 2 == 0 ? "done" : "aborted",
        };
        return random.Next(3) == 0 ? Answering(told, random) : told;
    }

    // An id is given to one answer only, as vendors do: the number of the call that made it, which those that continue it are behind. They may come before.
    private static Told Answering(Told told, Random random)
    {
        var number = random.Next(1, 9);
        var other = $"resp_{number}";
        var isSynthetic = random.Next(4) > 0;
        return random.Next(3) == 0
            ? told with
            {
                Endpoint = "responses_get",
                ResponseId = other,
                IsSynthetic = isSynthetic,
                RetryKey = null,
                Prompt = [],
                Session = isSynthetic ? null : told.Session,
                Parent = null,
                Calls = [],
                Answers = [],
            }
            : told with
            {
                Endpoint = "responses",
                ResponseId = told.Outcome is Outcome.Completed or Outcome.Incomplete ? $"resp_{told.Number}" : null,
                IsSynthetic = isSynthetic,
                Continues = random.Next(2) == 0 && number < told.Number ? other : null,
                Parent = isSynthetic ? null : told.Parent,
            };
    }

    private static IEnumerable<(int[] Seeds, int Order)> Shrink((int[] Seeds, int Order) workload)
    {
        for (var i = 0; i < workload.Seeds.Length; i++)
        {
            yield return ([.. workload.Seeds[..i], .. workload.Seeds[(i + 1)..]], workload.Order);
        }
    }
}
