using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Recording;
using Lethe.Ingest.Tests.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Recording;

/// <summary>What an agent sends again with every call stands once in a segment, and every call comes back whole.</summary>
public sealed class RepeatedRequestTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Tools = Words(1, 20_000);

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_conversation_is_written_once_and_read_call_by_call()
    {
        var requests = Conversation(60);
        await RecordAsync(requests);

        Assert.Equal(requests, Read());
        Assert.True(new FileInfo(world.LastSegment()).Length < requests.Sum(request => request.Length) / 4, "The history was written again and again.");
    }

    [Fact]
    public async Task A_reader_that_begins_in_the_middle_finds_what_is_repeated()
    {
        var requests = Conversation(10);
        await RecordAsync(requests);
        var middle = world.ReadAll().Exchanges[6].At;

        using var consumer = new JournalConsumer(world.Directory, middle);
        var rest = new List<JournaledExchange>();
        consumer.ReadBatch(rest, 100, long.MaxValue);
        Assert.Equal(requests[6..], rest.Select(found => Text(found.Exchange.Request)));

        using var bodies = new JournalBodies(world.Directory);
        Assert.Equal(requests[6], Text(bodies.TryRead(middle)!.Request));
    }

    [Fact]
    public async Task Every_segment_can_be_read_without_the_others()
    {
        var requests = Conversation(60);
        await RecordAsync(requests, settings => settings with { SegmentBytesMax = 100_000 });

        var segments = Directory.GetFiles(world.Directory, "*.jsonl*").Order(StringComparer.Ordinal).ToList();
        Assert.True(segments.Count > 2);
        segments.SkipLast(1).ToList().ForEach(File.Delete);
        using var consumer = new JournalConsumer(world.Directory, new JournalPosition(default, segments.Count, 0, 0));
        var last = new List<JournaledExchange>();
        consumer.ReadBatch(last, 100, long.MaxValue);
        Assert.Equal(requests[^last.Count..], last.Select(found => Text(found.Exchange.Request)));
    }

    [Fact]
    public async Task Calls_that_are_written_as_they_go_repeat_too()
    {
        var requests = Conversation(8);
        await using (var journal = world.Open())
        {
            await using var recorder = Start(journal, new RecorderSettings { PartInterval = TimeSpan.FromMilliseconds(20) });
            foreach (var request in requests)
            {
                var builder = Begin(recorder, request);
                builder.StartResponse(200, []);
                var before = journal.DurableEnd;
                await WaitUntil(() => before.IsBefore(journal.DurableEnd));
                builder.AppendResponse("answer"u8);
                builder.Finish(Ending.Completed);
                await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
            }
        }

        Assert.Equal(requests, Read());
        Assert.True(new FileInfo(world.LastSegment()).Length < requests.Sum(request => request.Length) / 2, "The history was written again and again.");
    }

    [Fact]
    public async Task Damage_to_a_request_that_others_repeat_is_told_for_each_of_them()
    {
        await RecordAsync(Conversation(4));
        var path = world.LastSegment();
        var lines = await File.ReadAllLinesAsync(path);
        var damaged = lines[1].Replace(Tools[..30], Tools[..30].ToUpperInvariant(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, string.Join('\n', [lines[0], damaged, .. lines[2..]]) + "\n");

        using var consumer = new JournalConsumer(world.Directory, default);
        var found = new List<JournaledExchange>();
        var faults = new List<JournalFault>();
        while (consumer.ReadBatch(found, 100, long.MaxValue) > 0 || consumer.Fault is not null)
        {
            if (consumer.Fault is { } fault)
            {
                faults.Add(fault);
                consumer.SkipFault();
            }
        }

        Assert.Empty(found);
        Assert.Equal([JournalFaultKind.SealBroken, JournalFaultKind.Undecodable, JournalFaultKind.Undecodable, JournalFaultKind.Undecodable], faults.Select(fault => fault.Kind));
    }

    [Fact]
    public async Task A_journal_opens_again_though_a_cut_call_repeats_a_damaged_request()
    {
        var requests = Conversation(2);
        string crashed;
        await using (var journal = world.Open())
        {
            await using var recorder = Start(journal, new RecorderSettings { PartInterval = TimeSpan.FromMilliseconds(20) });
            var first = Begin(recorder, requests[0]);
            first.Finish(Ending.Completed);
            await recorder.WhenDurable(first).AsTask().WaitAsync(Patience);
            var before = journal.DurableEnd;
            Begin(recorder, requests[1]).StartResponse(200, []);
            await WaitUntil(() => before.IsBefore(journal.DurableEnd));
            crashed = world.CopyAsCrashed();
        }

        var path = Directory.GetFiles(crashed, "*.jsonl").Single();
        var text = await File.ReadAllTextAsync(path);
        Assert.Contains("\"repeats\":", text, StringComparison.Ordinal);
        var at = text.IndexOf(Tools[..30], StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text[..at] + "X" + text[(at + 1)..]);

        await using (var again = Journal.Open(world.Settings with { Directory = crashed }, TimeProvider.System, NullLogger.Instance))
        {
            Assert.Equal((1, 1), (again.Repair.Interrupted, again.Repair.Faults.Count));
        }

        Assert.Equal([JournalFaultKind.SealBroken, JournalFaultKind.Undecodable], JournalVerifier.Run(crashed).Faults.Select(fault => fault.Kind));
    }

    [Fact]
    public void Whatever_requests_come_one_after_the_other_come_back_as_they_were()
    {
        var pieces = Gen.Elements(Tools, Tools[..5000], Words(2, 4000), "é𝄞é", "\ud800", "", "{\"a\":[1,2]}", new string('x', 5000));
        var requests = pieces.ArrayOf(3).Select(string.Concat).ArrayOf(12);
        Prop.ForAll(requests.ToArbitrary(), sent =>
        {
            using var lines = new LineWriter(new OpenLines(new Dictionary<ExchangeId, JournalPosition>()));
            lines.StartAt(new JournalPosition(default, 1, 0, 1), new byte[JournalLine.SealBytes]);
            var directory = Directory.CreateDirectory(Path.Combine(world.Directory, Path.GetRandomFileName())).FullName;
            lines.Header();
            foreach (var request in sent)
            {
                lines.Whole(JournalWorld.Exchange(request: request));
            }

            File.WriteAllBytes(JournalDirectory.PlainPath(directory, 1), lines.Buffer.Written.ToArray());
            var (found, fault) = world.ReadAll(directory);
            Assert.Null(fault);
            Assert.Equal(sent.Select(Encoding.UTF8.GetBytes), found.Select(exchange => exchange.Exchange.Request.Bytes.ToArray()));
        }).QuickCheckThrowOnFailure();
    }

    public void Dispose() => world.Dispose();

    private async Task RecordAsync(IEnumerable<string> requests, Func<JournalSettings, JournalSettings>? change = null)
    {
        await using var journal = world.Open(change);
        await using var recorder = Start(journal, new RecorderSettings());
        foreach (var request in requests)
        {
            var builder = Begin(recorder, request);
            builder.Finish(Ending.Completed);
            await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
        }
    }

    private List<string> Read()
    {
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.All(found, exchange => Assert.Equal(Hash(exchange.Exchange.Request), exchange.Exchange.Request.Sha256));
        return found.ConvertAll(exchange => Text(exchange.Exchange.Request));
    }

    /// <summary>Requests in the order of fields that agents use: the history that grows, then the tools that stay.</summary>
    private static List<string> Conversation(int turns)
    {
        var history = new StringBuilder();
        var requests = new List<string>();
        for (var turn = 0; turn < turns; turn++)
        {
            history.Append(turn > 0 ? "," : "").Append(null, $$"""{"role":"user","content":"{{Words(turn + 10, 700)}}"}""");
            requests.Add($$"""{"model":"m","messages":[{{history}}],"tools":"{{Tools}}"}""");
        }

        return requests;
    }

    private static string Words(int seed, int length)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, length / 8).Select(_ => $"{random.Next(1_000_000):000000}é "));
    }

    private static ExchangeBuilder Begin(Recorder recorder, string request)
    {
        var builder = recorder.Begin(new ExchangeHead { Door = Door.Forwarding, Method = "POST", Path = "/v1/messages", Headers = [] });
        builder.AppendRequest(Encoding.UTF8.GetBytes(request));
        return builder;
    }

    private static Recorder Start(Journal journal, RecorderSettings settings) => new(journal, settings, TimeProvider.System, NullLogger.Instance);

    private static string Text(CapturedBody body) => Encoding.UTF8.GetString(body.Bytes.Span);

    private static string Hash(CapturedBody body) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body.Bytes.Span));

    private static async Task WaitUntil(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
