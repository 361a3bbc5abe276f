using System.Text;
using Google.Protobuf;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>gRPC over HTTP/2, as a strange or broken peer may speak it.</summary>
public sealed class GrpcTransportTests
{
    private const int Unimplemented = 12;
    private const int Internal = 13;

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task A_full_exchange_ends_with_status_0_whatever_scheme_is_named(string scheme)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath, scheme);
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

    [Theory]
    [InlineData("/envoy.service.ext_proc.v3.ExternalProcessor/Other")]
    [InlineData("/nothing.of.ours/Process")]
    public async Task A_method_that_does_not_exist_is_unimplemented(string path)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(path);
        Assert.Equal(("200", Unimplemented, 0L), ((await stream.EndAsync()).Http, stream.Status, stream.DataBytes));
    }

    [Fact]
    public async Task A_path_that_is_no_methods_is_not_found()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync("/nothing");
        Assert.Equal("404", (await stream.EndAsync()).Http);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData(null)]
    public async Task A_content_type_that_is_not_grpcs_is_refused(string? contentType)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath, contentType: contentType);
        Assert.Equal("415", (await stream.EndAsync()).Http);
    }

    [Fact]
    public async Task A_thousand_messages_at_once_are_answered_and_recorded_one_by_one()
    {
        const int Chunks = 1000;
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders(end: true).In(BodyMode.Streamed, BodyMode.Streamed));
        await stream.SendAsync(Messages.ResponseHeaders());
        await stream.SendRawAsync(Enumerable.Range(0, Chunks).SelectMany(chunk => GrpcStream.Frame(Messages.ResponseBody($"{chunk % 10}", end: chunk == Chunks - 1).ToByteArray())).ToArray());

        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        Assert.NotNull((await stream.ReadAnswerAsync())!.ResponseHeaders);
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            Assert.NotNull((await stream.ReadAnswerAsync())!.ResponseBody);
        }

        var captured = await world.NextAsync();
        Assert.Equal(string.Concat(Enumerable.Repeat("0123456789", Chunks / 10)), Encoding.UTF8.GetString(captured.Response.Bytes.Span));
        await stream.HalfCloseAsync();
        Assert.Equal(0, (await stream.EndAsync()).Status);
        await world.IdleAsync();
    }

    [Fact]
    public async Task A_frame_split_at_any_byte_is_the_same_frame()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var frame = GrpcStream.Frame(Messages.RequestHeaders(end: true).In(BodyMode.Streamed, BodyMode.Streamed).ToByteArray());
        for (var cut = 1; cut < frame.Length; cut++)
        {
            var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
            await stream.SendRawAsync(frame.AsMemory(0, cut));
            await stream.SendRawAsync(frame.AsMemory(cut));
            Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
            await stream.ResetAsync(Http2Connection.Cancel);
        }

        await world.IdleAsync();
        Assert.Equal(frame.Length - 1, world.Begun);
    }

    [Fact]
    public async Task One_byte_at_a_time_is_enough()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        foreach (var one in GrpcStream.Frame(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed).ToByteArray()).Concat(GrpcStream.Frame(Messages.RequestBody("slow", true).ToByteArray())))
        {
            await stream.SendRawAsync(new[] { one });
        }

        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestBody);
        await stream.HalfCloseAsync();
        Assert.Equal("slow"u8.ToArray(), (await world.NextAsync()).Request.Bytes.ToArray());
    }

    [Fact]
    public async Task Many_messages_in_one_data_frame_are_all_answered()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        byte[] all = [.. GrpcStream.Frame(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed).ToByteArray()), .. Enumerable.Range(0, 200).SelectMany(i => GrpcStream.Frame(Messages.RequestBody($"{i} ").ToByteArray()))];
        await stream.SendRawAsync(all, end: true);
        var answers = 0;
        while (await stream.ReadAsync() is not null)
        {
            answers++;
        }

        Assert.Equal(201, answers);
        Assert.Equal(string.Concat(Enumerable.Range(0, 200).Select(i => $"{i} ")), System.Text.Encoding.UTF8.GetString((await world.NextAsync()).Request.Bytes.Span));
    }

    [Fact]
    public async Task Messages_without_a_part_or_with_unknown_fields_are_tolerated()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Array.Empty<byte>());
        await stream.SendAsync(new Envoy.ProcessingRequest { ClientWindowUpdate = new Envoy.ClientWindowUpdate { WindowIncrementSidestreamToUpstream = 5 } });
        // Field 100 as a varint, 101 as bytes, 102 as a double, 103 as a float; field 11 with a mode that does not exist yet.
        byte[] unknown = [0xA0, 0x06, 0x01, 0xAA, 0x06, 0x02, 0x01, 0x02, 0xB1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xBD, 0x06, 1, 2, 3, 4, 0x5A, 0x04, 0x08, 0x63, 0x10, 0x63];
        await stream.SendAsync([.. Messages.RequestHeaders().ToByteArray(), .. unknown]);
        Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        await stream.HalfCloseAsync();
        Assert.Null(await stream.ReadAsync());
        Assert.Equal(0, (await stream.EndAsync()).Status);
    }

    [Fact]
    public async Task A_peer_that_counts_windows_gets_one_at_once()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(new Envoy.ProcessingRequest { FlowControlInit = new Envoy.FlowControlInit { InitialWindowDownstreamToSidestream = 65_536 } });
        var window = (await stream.ReadAnswerAsync())!.ServerWindowUpdate;
        Assert.Equal((1L << 40, 1L << 40), (window.WindowIncrementDownstreamToSidestream, window.WindowIncrementUpstreamToSidestream));
    }

    public static TheoryData<string, byte[], int> Broken => new()
    {
        { "a message cut short by its end", [0, 0, 0, 0, 9, 1], Internal },
        { "a prefix cut short", [0, 0, 0], Internal },
        { "protobuf cut short", [0, 0, 0, 0, 2, 0x12, 9], Internal },
        { "a varint without end", [0, 0, 0, 0, 11, 0x50, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], Internal },
        { "headers that are no message", [0, 0, 0, 0, 4, 0x12, 2, 0x0A, 9], Internal },
        { "a length over the limit", [0, 0x7F, 0xFF, 0xFF, 0xFF], 8 },
        { "a compressed message without a coding", [1, 0, 0, 0, 1, 0], Internal },
        { "a flag that is none", [9, 0, 0, 0, 1, 0], Internal },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_message_ends_its_own_stream_and_no_other(string what, byte[] bytes, int status)
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var other = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await other.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
        Assert.NotNull(await other.ReadAnswerAsync());

        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendRawAsync(bytes, end: true);
        Assert.True((await stream.EndAsync()).Status == status, $"{what}: {stream.Status}");

        await other.SendAsync(Messages.RequestBody("still here", end: true));
        Assert.NotNull((await other.ReadAnswerAsync())!.RequestBody);
    }

    [Fact]
    public async Task A_compressed_message_in_a_named_coding_is_unimplemented_and_says_what_is_read()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath, headers: ("grpc-encoding", "snappy"));
        await stream.SendRawAsync(GrpcStream.Frame([1, 2, 3], flag: 1));
        Assert.Equal((Unimplemented, "identity"), ((await stream.EndAsync()).Status, stream.Field("grpc-accept-encoding")));
    }

    [Fact]
    public async Task A_message_over_the_configured_limit_is_resource_exhausted_before_its_bytes_have_come()
    {
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.MessageBytesMax = 65_536);
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
        await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
        Assert.NotNull(await stream.ReadAnswerAsync());
        await stream.SendRawAsync(new byte[] { 0, 0, 1, 0, 1 });
        Assert.Equal(8, (await stream.EndAsync()).Status);
        Assert.Equal(Ending.NoResponse, (await world.NextAsync()).Ending);
    }

    [Fact]
    public async Task The_peers_own_deadline_ends_the_stream()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var stream = await connection.StartAsync(ExtProcDoor.ProcessPath, headers: ("grpc-timeout", "50m"));
        Assert.Equal(4, (await stream.EndAsync()).Status);
    }

    [Fact]
    public async Task A_ping_is_answered()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        await connection.PingAsync();
        // A stream that has ended is proof that the frames before it were handled.
        await (await connection.StartAsync("/nothing")).EndAsync();
        Assert.Equal(1, connection.Pongs);
    }

    [Fact]
    public async Task A_thousand_streams_run_at_once_on_one_connection()
    {
        await using var world = await ExtProcWorld.StartAsync();
        await using var connection = await world.ConnectAsync();
        var streams = new List<GrpcStream>();
        for (var i = 0; i < 1000; i++)
        {
            var stream = await connection.StartAsync(ExtProcDoor.ProcessPath);
            await stream.SendAsync(Messages.RequestHeaders().In(BodyMode.Streamed, BodyMode.Streamed));
            streams.Add(stream);
        }

        foreach (var stream in streams)
        {
            Assert.NotNull((await stream.ReadAnswerAsync())!.RequestHeaders);
        }

        Assert.Equal(1000, world.Door.OpenStreams);
        foreach (var stream in streams)
        {
            await stream.HalfCloseAsync();
            Assert.Equal(0, (await stream.EndAsync()).Status);
        }

        await world.IdleAsync();
    }
}
