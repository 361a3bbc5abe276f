using Grpc.Health.V1;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Health checks, and how the door goes when the process is asked to stop.</summary>
public sealed class GrpcHealthTests
{
    private const string CheckPath = "/grpc.health.v1.Health/Check";
    private const string WatchPath = "/grpc.health.v1.Health/Watch";

    [Theory]
    [InlineData("")]
    [InlineData("envoy.service.ext_proc.v3.ExternalProcessor")]
    public async Task A_running_door_serves(string service)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(CheckPath);
        await stream.SendAsync(new HealthCheckRequest { Service = service });
        await stream.HalfCloseAsync();
        Assert.Equal(ServingStatus.Serving, await StatusAsync(stream));
        Assert.Equal(0, (await stream.EndAsync()).Status);
    }

    [Fact]
    public async Task An_unknown_service_is_not_found_by_check_and_unknown_to_watch()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var check = await connection.StartAsync(CheckPath);
        await check.SendAsync(new HealthCheckRequest { Service = "other" });
        await check.HalfCloseAsync();
        Assert.Equal(5, (await check.EndAsync()).Status);

        var watch = await connection.StartAsync(WatchPath);
        await watch.SendAsync(new HealthCheckRequest { Service = "other" });
        await watch.HalfCloseAsync();
        Assert.Equal(ServingStatus.ServiceUnknown, await StatusAsync(watch));
    }

    [Fact]
    public async Task A_stop_turns_health_first_and_then_lets_running_calls_go_unharmed()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.DrainMilliseconds = 300);
        await using var connection = await world.ConnectAsync();
        var watch = await connection.StartAsync(WatchPath);
        await watch.SendAsync(new HealthCheckRequest());
        await watch.HalfCloseAsync();
        Assert.Equal(ServingStatus.Serving, await StatusAsync(watch));
        var running = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await running.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
        Assert.NotNull(await running.ReadAnswerAsync());

        var stopped = world.StopAsync();
        Assert.Equal(ServingStatus.NotServing, await StatusAsync(watch));
        await running.SendAsync(Messages.RequestBody("heard while draining"));
        Assert.NotNull((await running.ReadAnswerAsync())!.RequestBody);
        Assert.Equal(0, (await running.EndAsync()).Status);
        Assert.True(connection.SawGoAway);
        connection.Cut();
        await stopped;
        var captured = await world.NextAsync();
        Assert.Equal((Ending.Incomplete, "recorder_stopped", 20L), (captured.Ending, captured.EndingReason, captured.Request.WireBytes));
    }

    [Fact]
    public async Task A_full_duplex_call_is_seen_through_because_nobody_else_has_its_bytes()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.DrainMilliseconds = 0);
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.FullDuplexStreamed, BodyMode.None));
        await stream.SendAsync(Messages.RequestBody("first "));
        Assert.NotNull(await stream.ReadAnswerAsync());
        Assert.NotNull(await stream.ReadAnswerAsync());

        var stopped = world.StopAsync();
        await stream.SendAsync(Messages.RequestBody("last", end: true));
        Assert.Equal("last", (await stream.ReadAnswerAsync())!.RequestBody.Response.BodyMutation.StreamedResponse.Body.ToStringUtf8());
        await stream.HalfCloseAsync();
        Assert.Equal(0, (await stream.EndAsync()).Status);
        connection.Cut();
        await stopped;
    }

    private static async Task<ServingStatus> StatusAsync(GrpcStream stream) => HealthCheckResponse.Parser.ParseFrom(await stream.ReadAsync()).Status;
}
