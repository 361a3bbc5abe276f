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
        Assert.True(WrittenBytes() < requests.Sum(request => request.Length) / 4, "The history was written again and again.");
    }

    [Fact]
    public async Task Beside_its_writer_only_what_is_new_of_a_call_is_read_and_the_rest_is_there_when_asked_for()
    {
        var requests = Conversation(60, system: "t");
        await using var journal = world.Open();
        await using (var recorder = Start(journal, new RecorderSettings()))
        {
            foreach (var request in requests)
            {
                var builder = Begin(recorder, request);
                builder.Finish(Ending.Completed);
                await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
            }
        }

        using var consumer = journal.Consume(default);
        var found = new List<JournaledExchange>();
        consumer.ReadBatch(found, 100, long.MaxValue);

        var grown = found.ConvertAll(exchange => exchange.Exchange.Request.Grown!);
        Assert.Equal(requests.Select(Encoding.UTF8.GetByteCount), grown.Select(body => body.Length));
        Assert.Equal(grown.SkipLast(1).Select(body => body.From.Id), grown.Skip(1).Select(body => body.From.Earlier));
        Assert.True(grown.Sum(body => body.Length - body.From.RepeatedBytes) < requests.Sum(request => request.Length) / 10);
        Assert.Equal(requests, found.Select(exchange => Text(exchange.Exchange.Request)));
        Assert.Equal(world.ReadAll().Exchanges.Select(exchange => exchange.ContentHash), found.Select(exchange => exchange.ContentHash));
    }

    [Fact]
    public async Task Conversations_that_begin_alike_and_grow_side_by_side_are_each_gone_on_with_from_their_own()
    {
        const int Turns = 6;
        var all = Enumerable.Range(0, 12).Select(conversation => Conversation(Turns, "t", conversation * 100, opening: Words(9, 2_000))).ToList();
        await using var journal = world.Open();
        await using (var recorder = Start(journal, new RecorderSettings()))
        {
            foreach (var request in Enumerable.Range(0, Turns).SelectMany(turn => all.Select(conversation => conversation[turn])))
            {
                var builder = Begin(recorder, request);
                builder.Finish(Ending.Completed);
                await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
            }
        }

        using var consumer = journal.Consume(default);
        var found = new List<JournaledExchange>();
        consumer.ReadBatch(found, 100, long.MaxValue);

        var grown = found.ConvertAll(exchange => exchange.Exchange.Request.Grown!);
        // The very first lies in one run with what all begin with, and is the beginning's like the others.
        Assert.All(
            grown.Skip(all.Count + 1).Zip(grown.Skip(1)),
            pair =>
            {
                Assert.Equal(pair.Second.From.Id, pair.First.From.Earlier);
                Assert.True(pair.First.Length - pair.First.From.RepeatedBytes < 2_000, $"{pair.First.Length - pair.First.From.RepeatedBytes} bytes are read of {pair.First.Length}.");
            });
        Assert.Equal(Enumerable.Range(0, Turns).SelectMany(turn => all.Select(conversation => conversation[turn])), found.Select(exchange => Text(exchange.Exchange.Request)));
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
        await RecordAsync(requests, settings => settings with { SegmentBytesMax = 60_000 });

        var segments = JournalDirectory.Segments(world.Directory);
        Assert.True(segments.Count > 2);
        foreach (var file in Directory.GetFiles(world.Directory, "0*").Where(file => !file.Contains($"{segments.Count:D8}.", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        using var consumer = new JournalConsumer(world.Directory, new JournalPosition(JournalIdentity.Of(world.Directory), segments.Count, 0, 0));
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
        Assert.True(WrittenBytes() < requests.Sum(request => request.Length) / 2, "The history was written again and again.");
    }

    [Fact]
    public async Task Agents_that_take_turns_write_only_what_is_new_each()
    {
        foreach (var agents in (int[])[2, 8])
        {
            using var own = new JournalWorld();
            var conversations = Enumerable.Range(0, agents).Select(agent => Conversation(20, Words(100 + agent, 80_000), seed: agent * 1000)).ToList();
            await using (var journal = own.Open())
            {
                await using var recorder = Start(journal, new RecorderSettings());
                for (var turn = 0; turn < 20; turn++)
                {
                    foreach (var conversation in conversations)
                    {
                        var builder = Begin(recorder, conversation[turn]);
                        builder.Finish(Ending.Completed);
                        await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
                    }
                }
            }

            var fresh = conversations.Sum(conversation => (long)Encoding.UTF8.GetByteCount(conversation[^1]));
            var written = Directory.GetFiles(own.Directory).Sum(file => new FileInfo(file).Length);
            Assert.True(written <= fresh * 1.2, $"{agents} agents wrote {written} bytes, of which {fresh} were new.");
            var (found, fault) = own.ReadAll();
            Assert.Null(fault);
            Assert.Equal(
                Enumerable.Range(0, 20).SelectMany(turn => conversations.Select(conversation => conversation[turn])), found.Select(read => Text(read.Exchange.Request)));
        }
    }

    [Fact]
    public async Task A_session_of_hundreds_of_turns_names_no_more_than_64_places_for_a_request()
    {
        var requests = Conversation(200);
        await RecordAsync(requests);

        Assert.Equal(requests, Read());
        Assert.True(WrittenBytes() < requests.Sum(request => request.Length) / 20, $"{WrittenBytes()} bytes were written.");
    }

    [Fact]
    public void Whatever_requests_come_one_after_the_other_come_back_as_they_were()
    {
        var pieces = Gen.Elements(Tools, Tools[..5000], Words(2, 4000), "é𝄞é", "\ud800", "", "{\"a\":[1,2]}", new string('x', 5000));
        var requests = pieces.ArrayOf(3).Select(string.Concat).ArrayOf(12);
        Prop.ForAll(requests.ToArbitrary(), sent =>
        {
            var directory = Path.Combine(world.Directory, Path.GetRandomFileName());
            Write(directory, sent);
            var (found, fault) = world.ReadAll(directory);
            Assert.Null(fault);
            Assert.Equal(sent.Select(Encoding.UTF8.GetBytes), found.Select(exchange => exchange.Exchange.Request.Bytes.ToArray()));
        }).QuickCheckThrowOnFailure();
    }

    public void Dispose() => world.Dispose();

    private static void Write(string directory, string[] sent)
    {
        Directory.CreateDirectory(directory);
        using var pen = new LinePen(Guid.Empty, []);
        pen.StartAt(new JournalPosition(default, 1, 0, 1), 0, new byte[JournalLine.SealBytes]);
        pen.Header();
        foreach (var request in sent)
        {
            pen.Whole(JournalWorld.Exchange(request: request));
        }

        File.WriteAllBytes(JournalDirectory.PlainPath(directory, 1, SegmentPart.Lines), pen.SealLines().ToArray());
        File.WriteAllBytes(JournalDirectory.PlainPath(directory, 1, SegmentPart.Bodies), [.. pen.Pieces.SelectMany(piece => piece.ToArray())]);
    }

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

    private long WrittenBytes() => Directory.GetFiles(world.Directory).Sum(file => new FileInfo(file).Length);

    private List<string> Read()
    {
        var (found, fault) = world.ReadAll();
        Assert.Null(fault);
        Assert.All(found, exchange => Assert.Equal(Hash(exchange.Exchange.Request), exchange.Exchange.Request.Sha256));
        return found.ConvertAll(exchange => Text(exchange.Exchange.Request));
    }

    /// <summary>Requests in the order of fields that agents use: the history that grows, then the tools that stay.</summary>
    private static List<string> Conversation(int turns, string? system = null, int seed = 0, string? opening = null)
    {
        var history = new StringBuilder();
        var requests = new List<string>();
        history.Append(opening is null ? "" : $$"""{"role":"user","content":"{{opening}}"}""");
        for (var turn = 0; turn < turns; turn++)
        {
            history.Append(history.Length > 0 ? "," : "").Append(null, $$"""{"role":"user","content":"{{Words(seed + turn + 10, 700)}}"}""");
            requests.Add($$"""{"model":"m","messages":[{{history}}],"tools":"{{system ?? Tools}}"}""");
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
