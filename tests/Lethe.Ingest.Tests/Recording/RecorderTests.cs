using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Redaction;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Recording;
using Lethe.Ingest.Tests.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Recording;

public sealed class RecorderTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly RecorderSettings Quick = new() { PartInterval = TimeSpan.FromMilliseconds(40), PartBytes = 16 * 1024 };

    private readonly JournalWorld world = new();

    [Fact]
    public async Task A_short_call_is_one_line_and_durable_when_asked()
    {
        await using var journal = world.Open();
        await using var recorder = Start(journal, new RecorderSettings());
        var builder = recorder.Begin(Head());
        builder.AppendRequest("ask"u8);
        builder.StartResponse(200, [new("a", "b")]);
        builder.AppendResponse("answer"u8);
        builder.Finish(Ending.Completed);
        await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);

        var (found, fault) = world.ReadAll(world.CopyAsCrashed());
        Assert.Null(fault);
        var exchange = Assert.Single(found).Exchange;
        Assert.Equal("ask", Text(exchange.Request));
        Assert.Equal("answer", Text(exchange.Response));
        Assert.Equal(200, exchange.Status);
        Assert.Equal(Ending.Completed, exchange.Ending);
        Assert.Equal(0, recorder.PendingBytes);
    }

    [Fact]
    public async Task A_long_stream_holds_little_memory_and_comes_back_whole()
    {
        const int Chunks = 3200;
        var chunk = new byte[64 * 1024];
        new Random(1).NextBytes(chunk);
        await using var journal = world.Open(settings => settings with { SegmentBytesMax = 32 << 20 });
        await using var recorder = Start(journal, Quick with { BodyBytesMax = 1 << 30, PendingBytesMax = 64 << 20 });
        var builder = recorder.Begin(Head());
        builder.StartResponse(200, []);
        long highest = 0;
        for (var i = 0; i < Chunks; i++)
        {
            builder.AppendResponse(chunk);
            highest = Math.Max(highest, recorder.PendingBytes);
            await WaitUntil(() => recorder.PendingBytes < 8 << 20);
        }

        builder.Finish(Ending.Completed);
        await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
        Assert.InRange(highest, 1, 9 << 20);
        Assert.Equal(0, recorder.PendingBytes);

        using var consumer = journal.Consume(default);
        var found = new List<JournaledExchange>();
        Assert.Equal(1, consumer.ReadBatch(found, 10, 1));
        var body = found[0].Exchange.Response;
        Assert.Equal((long)Chunks * chunk.Length, body.WireBytes);
        Assert.Equal(body.WireBytes, body.Bytes.Length);
        Assert.Equal(body.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body.Bytes.Span)));
        Assert.False(body.Truncated);
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_stream_keeps_what_was_heard()
    {
        await using var journal = world.Open();
        await using var recorder = Start(journal, Quick);
        var builder = recorder.Begin(Head());
        builder.AppendRequest("ask"u8);
        await WaitUntil(() => builder.UnwrittenBytes == 0);
        builder.StartResponse(200, [new("request-id", "r1")]);
        builder.AppendResponse("data: hé"u8[..8]);
        await WaitUntil(() => builder.UnwrittenBytes == 0);
        var before = journal.DurableEnd;
        builder.AppendResponse("data: hé"u8[8..]);
        await WaitUntil(() => before.IsBefore(journal.DurableEnd) && builder.UnwrittenBytes == 0 && recorder.PendingBytes < 2048);
        var crashed = world.CopyAsCrashed();

        for (var start = 0; start < 2; start++)
        {
            await using (var restarted = Journal.Open(world.Settings with { Directory = crashed }, TimeProvider.System, NullLogger.Instance))
            {
                Assert.Equal(start == 0 ? 1 : 0, restarted.Repair.Interrupted);
            }

            var (found, fault) = world.ReadAll(crashed);
            Assert.Null(fault);
            var read = Assert.Single(found);
            Assert.Equal("ask", Text(read.Exchange.Request));
            Assert.Equal("data: hé", Text(read.Exchange.Response));
            Assert.Equal(200, read.Exchange.Status);
            Assert.Equal("r1", read.Exchange.ResponseHeaders.First("request-id"));
            Assert.Equal((Ending.Incomplete, "recorder_stopped"), (read.Exchange.Ending, read.Exchange.EndingReason));
            using var bodies = new JournalBodies(crashed);
            Assert.Equal("data: hé", Text(bodies.TryRead(read.At)!.Response));
        }
    }

    [Fact]
    public async Task A_stream_written_in_parts_equals_the_same_written_whole()
    {
        await using var journal = world.Open();
        CapturedExchange parted;
        await using (var recorder = Start(journal, Quick))
        {
            var builder = recorder.Begin(Head());
            builder.AppendRequest("ask"u8);
            builder.StartResponse(200, []);
            foreach (var piece in new[] { "one ", "two ", "three" })
            {
                builder.AppendResponse(Encoding.UTF8.GetBytes(piece));
                await WaitUntil(() => builder.UnwrittenBytes == 0);
            }

            builder.SetTrailers([new("t", "1")]);
            builder.Finish(Ending.ClientAborted, "gone");
            await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
            using var consumer = journal.Consume(default);
            var found = new List<JournaledExchange>();
            consumer.ReadBatch(found, 10, 1);
            parted = Assert.Single(found).Exchange;
            Assert.Equal(ContentHash.Of(parted), found[0].ContentHash);
        }

        Assert.Equal("one two three", Text(parted.Response));
        Assert.Equal("1", parted.ResponseTrailers.First("t"));
        Assert.True(await journal.AppendAsync(parted).WaitAsync(Patience));
        var (all, _) = world.ReadAll();
        Assert.Equal(2, all.Count);
        Assert.Equal(all[0].ContentHash, all[1].ContentHash);
    }

    [Fact]
    public async Task The_position_behind_a_call_that_closed_waits_for_none_that_is_open()
    {
        await using var journal = world.Open();
        await using var recorder = Start(journal, Quick);
        var slow = recorder.Begin(Head());
        slow.AppendRequest("slow"u8);
        await WaitUntil(() => slow.UnwrittenBytes == 0);
        var fast = recorder.Begin(Head());
        fast.Finish(Ending.NoResponse);
        await recorder.WhenDurable(fast).AsTask().WaitAsync(Patience);

        using var consumer = journal.Consume(default);
        var found = new List<JournaledExchange>();
        Assert.Equal(1, consumer.ReadBatch(found, 10, 1000));
        slow.Finish(Ending.Completed);
        await recorder.WhenDurable(slow).AsTask().WaitAsync(Patience);

        using var restarted = journal.Consume(consumer.Position);
        Assert.Equal(1, restarted.ReadBatch(found, 10, 1000));
        Assert.Equal([fast.Id, slow.Id], found.Select(read => read.Exchange.Id));
        Assert.Equal("slow", Text(found[1].Exchange.Request));
    }

    [Fact]
    public async Task Over_the_memory_bound_bodies_end_early_and_say_so()
    {
        await using var journal = world.Open();
        await using var recorder = Start(journal, new RecorderSettings { PendingBytesMax = 64 * 1024, PartBytes = 1 << 30, PartInterval = TimeSpan.FromHours(1) });
        var builder = recorder.Begin(Head());
        var chunk = new byte[10_000];
        for (var i = 0; i < 100; i++)
        {
            builder.AppendResponse(chunk);
        }

        Assert.InRange(recorder.PendingBytes, 1, 64 * 1024);
        builder.Finish(Ending.Completed);
        await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
        var body = Assert.Single(world.ReadAll(world.CopyAsCrashed()).Exchanges).Exchange;
        Assert.Equal("memory", body.Attributes["lethe.capture.dropped"]);
        Assert.Equal(1_000_000, body.Response.WireBytes);
        Assert.True(body.Response.Truncated);
        Assert.Equal(60_000, body.Response.Bytes.Length);
        Assert.Equal(0, recorder.PendingBytes);
    }

    [Fact]
    public async Task Calls_in_flight_at_a_stop_are_kept_as_incomplete()
    {
        await using (var journal = world.Open())
        {
            await using var recorder = Start(journal, Quick);
            recorder.Begin(Head()).AppendRequest("asked"u8);
        }

        var exchange = Assert.Single(world.ReadAll().Exchanges).Exchange;
        Assert.Equal("asked", Text(exchange.Request));
        Assert.Equal((Ending.Incomplete, "recorder_stopped"), (exchange.Ending, exchange.EndingReason));
    }

    [Fact]
    public async Task A_disk_that_refuses_never_reaches_a_call_and_loses_nothing_when_it_heals()
    {
        // Every exchange opens a segment of its own; a directory that has the next one's name is a disk that refuses.
        await using var journal = world.Open(settings => settings with { SegmentBytesMax = 1 });
        await using var recorder = Start(journal, Quick);
        await recorder.WhenDurable(Call(recorder, "first")).AsTask().WaitAsync(Patience);
        var obstacle = Directory.CreateDirectory(JournalDirectory.PlainPath(world.Directory, 2, SegmentPart.Bodies));
        await recorder.WhenDurable(Call(recorder, "second")).AsTask().WaitAsync(Patience);
        Assert.False(journal.IsWritable);
        var third = Call(recorder, "third");

        obstacle.Delete();
        await WaitUntil(() => recorder.InFlight == 0);
        await recorder.WhenDurable(third).AsTask().WaitAsync(Patience);
        Assert.True(journal.IsWritable);
        var (found, fault) = world.ReadAll(world.CopyAsCrashed());
        Assert.Null(fault);
        Assert.Equal(["first", "second", "third"], found.Select(read => Text(read.Exchange.Request)));
    }

    [Fact]
    public async Task No_secret_reaches_the_disk_even_when_it_lies_across_two_parts()
    {
        const string Credential = "sk-ant-api03-AAAAbbbbCCCCddddEEEEffffGGGGhhhhIIIIjjjjKKKKllllMMMMnnnnOOOOppppQQQQrrrrSSSStttt-uuuuuuAA";
        const string Secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
        await using (var journal = world.Open())
        {
            var redactor = new ExchangeRedactor(CredentialKey.Create(), bodies: true);
            await using var recorder = new Recorder(journal, Quick, TimeProvider.System, NullLogger.Instance, redactor);
            var builder = recorder.Begin(Head() with { Headers = [new("x-api-key", Credential), new("content-type", "text/plain")] });
            builder.AppendRequest("before "u8);
            foreach (var half in new[] { Secret[..20], Secret[20..] + " after" })
            {
                builder.AppendRequest(Encoding.UTF8.GetBytes(half));
                await WaitUntil(() => builder.UnwrittenBytes == 0);
            }

            builder.Finish(Ending.Completed);
            await recorder.WhenDurable(builder).AsTask().WaitAsync(Patience);
            var whole = recorder.Begin(Head() with { Headers = [new("authorization", "Bearer " + Credential), new("content-type", "text/plain")] });
            whole.AppendRequest(Encoding.UTF8.GetBytes(Secret));
            whole.Finish(Ending.Completed);
            await recorder.WhenDurable(whole).AsTask().WaitAsync(Patience);
        }

        foreach (var file in Directory.GetFiles(world.Directory))
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.DoesNotContain(Secret[..20], text, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret[20..], text, StringComparison.Ordinal);
            Assert.DoesNotContain("AAAAbbbb", text, StringComparison.Ordinal);
        }

        var read = world.ReadAll().Exchanges[0].Exchange;
        Assert.Matches("^before \\[redacted:.+\\] after$", Text(read.Request));
        Assert.NotNull(read.CredentialFingerprint);
    }

    [Fact]
    public async Task A_stream_that_a_crash_cuts_many_segments_after_its_start_is_kept()
    {
        var body = new StringBuilder();
        await using var journal = world.Open(settings => settings with { SegmentBytesMax = 1500 });
        await using var recorder = Start(journal, Quick);
        var builder = recorder.Begin(Head());
        builder.StartResponse(200, [new("request-id", "r9")]);
        for (var i = 0; i < 12; i++)
        {
            builder.AppendResponse(Encoding.UTF8.GetBytes($"event {i}\n"));
            body.Append($"event {i}\n");
            await WaitUntil(() => builder.UnwrittenBytes == 0);
            await recorder.WhenDurable(Call(recorder, $"other {i}")).AsTask().WaitAsync(Patience);
        }

        var crashed = world.CopyAsCrashed();
        Assert.True(JournalWorld.Files(crashed, ".lines").Length > 3);
        await using (var restarted = Journal.Open(world.Settings with { Directory = crashed }, TimeProvider.System, NullLogger.Instance))
        {
            Assert.Equal(1, restarted.Repair.Interrupted);
        }

        var (found, fault) = world.ReadAll(crashed);
        Assert.Null(fault);
        Assert.Equal(13, found.Count);
        var cut = found.Single(read => read.Exchange.Id == builder.Id).Exchange;
        Assert.Equal(body.ToString(), Text(cut.Response));
        Assert.Equal(("recorder_stopped", "r9"), (cut.EndingReason, cut.ResponseHeaders.First("request-id")));
    }

    [Fact]
    public async Task A_disk_that_refuses_in_the_middle_of_a_stream_costs_none_of_it()
    {
        await using var journal = world.Open(settings => settings with { SegmentBytesMax = 1 });
        await using var recorder = Start(journal, Quick);
        var builder = recorder.Begin(Head());
        builder.AppendRequest("one "u8);
        await WaitUntil(() => builder.UnwrittenBytes == 0 && journal.DurableEnd.Sequence > 2);
        var obstacle = Directory.CreateDirectory(JournalDirectory.PlainPath(world.Directory, 2, SegmentPart.Bodies));
        builder.AppendRequest("two "u8);
        await WaitUntil(() => !journal.IsWritable);
        builder.AppendRequest("three"u8);
        builder.Finish(Ending.Completed);

        obstacle.Delete();
        await WaitUntil(() => recorder.InFlight == 0);
        var (found, fault) = world.ReadAll(world.CopyAsCrashed());
        Assert.Null(fault);
        Assert.Equal("one two three", Text(Assert.Single(found).Exchange.Request));
        Assert.Equal(0, recorder.PendingBytes);
    }

    [Fact]
    public async Task Nothing_wakes_the_recorder_while_no_call_is_open()
    {
        var time = new HandTurnedTime();
        await using var journal = world.Open();
        await using var recorder = new Recorder(journal, Quick, time, NullLogger.Instance);
        Assert.False(time.IsSet);

        for (var round = 0; round < 2; round++)
        {
            var call = recorder.Begin(Head());
            Assert.True(time.IsSet);
            time.Ring();
            Assert.True(time.IsSet);

            call.Finish(Ending.NoResponse);
            await WaitUntil(() => recorder.InFlight == 0);
            time.Ring();
            Assert.False(time.IsSet);
        }
    }

    [Fact]
    public async Task A_call_that_begins_while_the_last_sweep_ends_is_swept()
    {
        var time = new HandTurnedTime();
        await using var journal = world.Open();
        await using var recorder = new Recorder(journal, Quick, time, NullLogger.Instance);
        for (var round = 0; round < 300; round++)
        {
            ExchangeBuilder call = null!;
            Parallel.Invoke(() => call = recorder.Begin(Head()), time.Ring);
            Assert.True(time.IsSet);
            call.Finish(Ending.NoResponse);
            await WaitUntil(() => recorder.InFlight == 0);
        }
    }

    private static ExchangeBuilder Call(Recorder recorder, string request)
    {
        var builder = recorder.Begin(Head());
        builder.AppendRequest(Encoding.UTF8.GetBytes(request));
        builder.Finish(Ending.NoResponse);
        return builder;
    }

    private static Recorder Start(Journal journal, RecorderSettings settings) => new(journal, settings, TimeProvider.System, NullLogger.Instance);

    private static ExchangeHead Head() => new() { Door = Door.Forwarding, Method = "POST", Path = "/v1/messages", Headers = [new("content-type", "application/json")] };

    private static string Text(CapturedBody body) => Encoding.UTF8.GetString(body.Bytes.Span);

    private static async Task WaitUntil(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience, "The condition did not come true in time.");
            await Task.Delay(2);
        }
    }

    public void Dispose() => world.Dispose();
}
