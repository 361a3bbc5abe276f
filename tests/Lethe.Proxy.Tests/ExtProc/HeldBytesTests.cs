using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Streams that we end ourselves, by a stop or for want of memory: never one that holds what the upstream has not got.</summary>
public sealed class HeldBytesTests
{
    private const int MiB = 1024 * 1024;
    private const string Secret = "ghp_0123456789abcdefghijABCDEFGHIJ456789";

    [Theory]
    [InlineData(BodyMode.Streamed)]
    [InlineData(BodyMode.FullDuplexStreamed)]
    public async Task A_body_under_redaction_goes_on_whole_though_the_process_stops(BodyMode mode)
    {
        await using var world = await ExtProcWorld.StartAsync(options => (options.ExtProc.RedactRequests, options.ExtProc.DrainMilliseconds) = (true, 0));
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders(false, "/v1/messages", "POST", ("content-length", "64"), ("content-type", "application/json")).In(mode, BodyMode.Streamed));
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        var (first, last) = ($"{{\"key\":\"{Secret[..20]}", $"{Secret[20..]}\",\"model\":\"m\"}}".PadRight(64 - 28));
        await stream.SendAsync(Messages.RequestBody(first));
        var upstream = new StringBuilder();
        if (mode == BodyMode.Streamed)
        {
            upstream.Append(Piece((await stream.ReadAnswerAsync())!));
        }

        var stopped = world.StopAsync();
        await stream.SendAsync(Messages.RequestBody(last, end: true));
        while (await stream.ReadAnswerAsync() is { } answer)
        {
            upstream.Append(Piece(answer));
        }

        Assert.Equal((first + last).Replace(Secret, "[redacted:github_token]", StringComparison.Ordinal), upstream.ToString());
        Assert.Equal(0, (await stream.EndAsync()).Status);
        connection.Cut();
        await stopped;
        Assert.Equal((first + last, "recorder_stopped"), await world.NextAsync() is var captured ? (Encoding.UTF8.GetString(captured.Request.Bytes.Span), captured.EndingReason ?? "recorder_stopped") : default);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_duplex_body_is_seen_through_from_its_headers_and_let_go_at_its_end(bool ofResponse)
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.DrainMilliseconds = 0);
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        var modes = ofResponse ? (BodyMode.None, BodyMode.FullDuplexStreamed) : (BodyMode.FullDuplexStreamed, BodyMode.None);
        await stream.SendAsync((ofResponse ? Messages.ResponseHeaders() : Messages.RequestHeaders()).In(modes.Item1, modes.Item2));
        Assert.NotNull(await stream.ReadAnswerAsync());

        var stopped = world.StopAsync();
        foreach (var (text, end) in ((string, bool)[])[("first ", false), ("last", true)])
        {
            await stream.SendAsync(ofResponse ? Messages.ResponseBody(text, end) : Messages.RequestBody(text, end));
        }

        Assert.Equal("first ", Piece((await stream.ReadAnswerAsync())!));
        Assert.Equal("last", Piece((await stream.ReadAnswerAsync())!));
        Assert.Equal(0, (await stream.EndAsync()).Status);
        connection.Cut();
        await stopped;
    }

    [Fact]
    public async Task Beyond_the_bound_a_call_goes_on_unrecorded_and_its_record_says_so()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.InflightBytesMax = MiB);
        await using var connection = await world.ConnectAsync();
        var body = GrpcStream.Frame(Google.Protobuf.MessageExtensions.ToByteArray(Messages.RequestBody(new byte[800_000], end: true)));
        var first = await BeginAsync(connection, BodyMode.Buffered);
        await first.SendRawAsync(body.AsMemory(0, 700_000));
        await HoldsAsync(world, 700_000);

        var second = await BeginAsync(connection, BodyMode.Buffered);
        await second.SendRawAsync(body.AsMemory(0, 700_000));

        Assert.Equal(0, (await second.EndAsync()).Status);
        var lost = await world.NextAsync();
        Assert.Equal((Ending.Incomplete, "recorder_overloaded", "memory"), (lost.Ending, lost.EndingReason, lost.Attributes["lethe.capture.dropped"]));
        await HoldsAsync(world, 700_000);
        await first.SendRawAsync(body.AsMemory(700_000));
        Assert.NotNull((await first.ReadAnswerAsync())!.RequestBody);
        await first.HalfCloseAsync();
        Assert.Equal(800_000, (await world.NextAsync()).Request.WireBytes);
        await world.IdleAsync();
        Assert.Equal(0, world.Door.InflightBytes);
    }

    [Fact]
    public async Task Beyond_the_bound_a_full_duplex_body_goes_on_all_the_same()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.InflightBytesMax = MiB);
        await using var connection = await world.ConnectAsync();
        var body = new byte[3 * MiB];
        Random.Shared.NextBytes(body);
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Request = BodyMode.FullDuplexStreamed, RequestBody = [body] });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        Assert.Equal(body, seen.RequestBody);
        await world.IdleAsync();
        Assert.Equal(0, world.Door.InflightBytes);
    }

    private static async Task<GrpcStream> BeginAsync(Http2Connection connection, BodyMode mode)
    {
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(mode, mode));
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        return stream;
    }

    private static async Task HoldsAsync(ExtProcWorld world, long bytes)
    {
        using var bound = new CancellationTokenSource(GrpcStream.WaitMax);
        while (world.Door.InflightBytes != bytes)
        {
            await Task.Delay(5, bound.Token);
        }
    }

    private static string Piece(Envoy.ProcessingResponse answer)
    {
        var mutation = (answer.RequestBody ?? answer.ResponseBody).Response.BodyMutation;
        return (mutation.StreamedResponse?.Body ?? mutation.Body).ToStringUtf8();
    }
}
