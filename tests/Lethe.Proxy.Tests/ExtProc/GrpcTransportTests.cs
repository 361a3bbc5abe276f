using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>gRPC over HTTP/2, as a strange or broken peer may speak it.</summary>
public sealed class GrpcTransportTests
{
    [Fact]
    public async Task A_full_exchange_ends_with_status_0()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        await stream.SendAsync(Messages.RequestBody("{}", end: true));
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestBody);
        await stream.SendAsync(Messages.ResponseHeaders());
        Assert.NotNull((await stream.ReadAnswerAsync())!.ResponseHeaders);
        await stream.SendAsync(Messages.ResponseBody("ok", end: true));
        Assert.NotNull((await stream.ReadAnswerAsync())!.ResponseBody);
        await stream.HalfCloseAsync();

        Assert.Null(await stream.ReadAsync());
        Assert.Equal(("200", 0), ((await stream.EndAsync()).Http, stream.Status));
        var captured = await world.NextAsync();
        Assert.Equal((Ending.Completed, 200, 2L, 2L), (captured.Ending, captured.Status, captured.Request.WireBytes, captured.Response.WireBytes));
        await world.IdleAsync();
    }
}
