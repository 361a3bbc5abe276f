using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Forwarding;

public sealed class CaptureFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_capture_that_cannot_begin_does_not_touch_the_call()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Events("data: 1\n\n"));
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.Begin = _ => throw new InvalidOperationException("disk"));

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal("data: 1\n\n", await response.Content.ReadAsStringAsync());
        Assert.Equal("{}", Encoding.UTF8.GetString(Assert.Single(api.Requests).Body));
    }

    [Fact]
    public async Task A_capture_that_fails_at_the_end_does_not_touch_the_call()
    {
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Events("data: 1\n\n", "data: 2\n\n"));
        await using var door = await ForwardingDoor.StartAsync(
            api.Address,
            setup => setup.Begin = head => new ExchangeBuilder(head, 1000, TimeProvider.System, _ => throw new IOException("disk")));

        using var response = await door.Client.PostAsync("/v1/messages", new StringContent("{}"));

        Assert.Equal("data: 1\n\ndata: 2\n\n", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("Content-Length: 4\r\n\r\ntail", "tail")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\ntail\r\n0\r\n\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTrailer: x\r\n\r\n4\r\ntail\r\n0\r\nx: 1\r\n\r\n", "0\r\nx: 1")]
    public async Task Strict_durability_holds_the_end_until_the_record_is_on_disk(string answer, string end)
    {
        var finished = new TaskCompletionSource<CapturedExchange>();
        var durable = new TaskCompletionSource();
        await using var api = RawServer.Answering("HTTP/1.1 200 OK\r\n" + answer);
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup =>
        {
            setup.Begin = head => new ExchangeBuilder(head, 1000, TimeProvider.System, builder => finished.SetResult(builder.Snapshot()));
            setup.WhenDurable = _ => new ValueTask(durable.Task);
        });
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\nConnection: close\r\n\r\n");
        var reading = client.ReadUntilAsync(end);

        var exchange = await finished.Task.WaitAsync(Patience);
        Assert.False(reading.IsCompleted);
        durable.SetResult();

        await reading.WaitAsync(Patience);
        Assert.Equal((Ending.Completed, "tail"), (exchange.Ending, Encoding.ASCII.GetString(exchange.Response.Bytes.Span)));
    }

    [Fact]
    public async Task Strict_durability_breaks_an_answer_whose_record_can_not_be_written()
    {
        var heard = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Events("data: 1\n\n"));
        await using var door = await ForwardingDoor.StartAsync(api.Address, setup => setup.WhenDurable = async _ =>
        {
            await heard.Task;
            throw new IOException("disk full");
        });
        using var client = await PassingThroughTests.Raw(door);
        await client.SendAsync("GET /v1/messages HTTP/1.1\r\nHost: lethe\r\n\r\n");

        await client.ReadUntilAsync("data: 1\n\n");
        heard.SetResult();
        var seen = await client.ReadToEndAsync();

        Assert.False(seen.EndsWith("0\r\n\r\n", StringComparison.Ordinal), "the answer must not look finished");
    }
}
