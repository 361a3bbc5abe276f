using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Observability mode: nothing is said, everything is heard, and the stream is let go when the call has ended.</summary>
public sealed class ObservabilityTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task Not_a_byte_is_answered_and_the_stream_ends_with_the_call(bool requestTrailers, bool responseTrailers)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().Watching());
        await stream.SendAsync(Messages.RequestBody("q").Watching());
        await stream.SendAsync((requestTrailers ? Messages.RequestTrailers(("t", "1")) : Messages.RequestBody("", end: true)).Watching());
        await stream.SendAsync(Messages.ResponseHeaders().Watching());
        await stream.SendAsync(Messages.ResponseBody("data: a\n\n").Watching());
        await stream.SendAsync((responseTrailers ? Messages.ResponseTrailers(("sum", "1")) : Messages.ResponseBody("", end: true)).Watching());

        Assert.Equal(("200", 0, 0L), ((await stream.EndAsync()).Http, stream.Status, stream.DataBytes));
        var captured = await world.NextAsync();
        Assert.Equal((Ending.Completed, "q", "data: a\n\n"), (captured.Ending, Text(captured.Request), Text(captured.Response)));
        Assert.Equal(responseTrailers ? [new HeaderField("sum", "1")] : [], captured.ResponseTrailers);
    }

    [Fact]
    public async Task Watched_and_blocking_streams_share_a_connection()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Observing = i % 2 == 0, RequestBody = [[1]], ResponseBody = [[2], [3]] });
            Assert.Equal((200, null), (seen.Status, seen.Fault));
            Assert.Equal(Ending.Completed, (await world.NextAsync()).Ending);
        }
    }

    [Fact]
    public async Task Data_that_comes_after_the_response_is_kept_until_the_request_has_ended_too()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().Watching());
        await stream.SendAsync(Messages.ResponseHeaders(end: true).Watching());
        await stream.SendAsync(Messages.RequestBody("late", end: true).Watching());
        Assert.Equal(0, (await stream.EndAsync()).Status);
        Assert.Equal("late", Text((await world.NextAsync()).Request));
    }

    [Fact]
    public async Task A_response_that_ends_before_its_request_is_complete_as_far_as_seen()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().Watching());
        await stream.SendAsync(Messages.RequestBody("begun").Watching());
        await stream.SendAsync(Messages.ResponseHeaders(413).Watching());
        await stream.SendAsync(Messages.ResponseBody("no", end: true).Watching());
        await stream.HalfCloseAsync();
        Assert.Equal((0, 0L), ((await stream.EndAsync()).Status, stream.DataBytes));
        var captured = await world.NextAsync();
        Assert.Equal((Ending.Completed, "request_end_not_seen", "begun"), (captured.Ending, captured.EndingReason, Text(captured.Request)));
    }

    [Fact]
    public async Task A_burst_of_megabytes_is_read_without_the_window_running_dry()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall { Observing = true, RequestBody = null, ResponseBody = [.. Enumerable.Range(0, 400).Select(_ => new byte[65_536])] });
        Assert.Equal((200, null), (seen.Status, seen.Fault));
        var captured = await world.NextAsync();
        Assert.Equal((400 * 65_536L, Ending.Completed, false), (captured.Response.WireBytes, captured.Ending, captured.Response.Truncated));
    }

    private static string Text(CapturedBody body) => System.Text.Encoding.UTF8.GetString(body.Bytes.Span);
}
