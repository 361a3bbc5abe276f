using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Lethe.Envoy;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The generated messages against the numbers and types of Envoy's API, and against bytes that were made from Envoy's own files.</summary>
public sealed class WireSchemaTests
{
    // number:type in the order of the numbers; [] repeated, <> map, a name for a message or an enum.
    public static TheoryData<MessageDescriptor, string> Table => new()
    {
        {
            ProcessingRequest.Descriptor,
            "2:HttpHeaders 3:HttpHeaders 4:HttpBody 5:HttpBody 6:HttpTrailers 7:HttpTrailers 8:Metadata 9:<string,Struct> 10:bool 11:ProtocolConfiguration 12:FlowControlInit 13:ClientWindowUpdate"
        },
        { ProtocolConfiguration.Descriptor, "1:BodySendMode 2:BodySendMode 3:bool" },
        { FlowControlInit.Descriptor, "1:int64 2:int64 3:int64 4:int64" },
        { ClientWindowUpdate.Descriptor, "1:int64 2:int64" },
        {
            ProcessingResponse.Descriptor,
            "1:HeadersResponse 2:HeadersResponse 3:BodyResponse 4:BodyResponse 5:TrailersResponse 6:TrailersResponse 7:ImmediateResponse 8:Struct 9:ProcessingMode 10:Duration 11:StreamedImmediateResponse 12:bool 13:<string,Any> 14:ServerWindowUpdate"
        },
        { ServerWindowUpdate.Descriptor, "1:int64 2:int64" },
        { HttpHeaders.Descriptor, "1:HeaderMap 2:<string,Struct> 3:bool" },
        { HttpBody.Descriptor, "1:bytes 2:bool 3:bool 4:bool" },
        { HttpTrailers.Descriptor, "1:HeaderMap" },
        { HeadersResponse.Descriptor, "1:CommonResponse" },
        { BodyResponse.Descriptor, "1:CommonResponse" },
        { TrailersResponse.Descriptor, "1:HeaderMutation" },
        { CommonResponse.Descriptor, "1:ResponseStatus 2:HeaderMutation 3:BodyMutation 4:HeaderMap 5:bool" },
        { HeaderMutation.Descriptor, "1:HeaderValueOption[] 2:string[]" },
        { BodyMutation.Descriptor, "1:bytes 2:bool 3:StreamedBodyResponse" },
        { StreamedBodyResponse.Descriptor, "1:bytes 2:bool 3:bool 4:bool" },
        { ImmediateResponse.Descriptor, "1:HttpStatus 2:HeaderMutation 3:bytes 4:GrpcStatus 5:string" },
        { GrpcStatus.Descriptor, "1:uint32" },
        { StreamedImmediateResponse.Descriptor, "1:HttpHeaders 2:StreamedBodyResponse 3:HeaderMap" },
        { HeaderMap.Descriptor, "1:HeaderValue[]" },
        { HeaderValue.Descriptor, "1:string 2:string 3:bytes" },
        { HeaderValueOption.Descriptor, "1:HeaderValue 2:BoolValue 3:HeaderAppendAction 4:bool" },
        { Metadata.Descriptor, "1:<string,Struct> 2:<string,Any>" },
        { HttpStatus.Descriptor, "1:StatusCode" },
        { ProcessingMode.Descriptor, "1:HeaderSendMode 2:HeaderSendMode 3:BodySendMode 4:BodySendMode 5:HeaderSendMode 6:HeaderSendMode" },
    };

    public static TheoryData<string, ProcessingRequest> Requests => new()
    {
        {
            "12320a300a0f0a073a6d6574686f641a04504f53540a150a053a706174681a0c2f76312f6d657373616765730a060a01781201764a330a1b656e766f792e66696c746572732e687474702e6578745f70726f6312140a120a0a726571756573742e696412041a0272315a06080110041801",
            First()
        },
        { "22060a0268691001", new ProcessingRequest { RequestBody = new HttpBody { Body = ByteString.CopyFromUtf8("hi"), EndOfStream = true } } },
        { "2a0b0a09646174613a20780a0a5001", new ProcessingRequest { ResponseBody = new HttpBody { Body = ByteString.CopyFromUtf8("data: x\n\n") }, ObservabilityMode = true } },
        { "1a140a100a0e0a073a7374617475731a033230301801", new ProcessingRequest { ResponseHeaders = Messages.Headers(true, (":status", "200")) } },
        { "3a0a0a080a060a01741a01315001", new ProcessingRequest { ResponseTrailers = new HttpTrailers { Trailers = Messages.Headers(false, ("t", "1")).Headers }, ObservabilityMode = true } },
    };

    public static TheoryData<string, ProcessingResponse> Answers => new()
    {
        { "0a00", new ProcessingResponse { RequestHeaders = new HeadersResponse() } },
        { "1200", new ProcessingResponse { ResponseHeaders = new HeadersResponse() } },
        { "1a00", new ProcessingResponse { RequestBody = new BodyResponse() } },
        { "2200", new ProcessingResponse { ResponseBody = new BodyResponse() } },
        { "2a00", new ProcessingResponse { RequestTrailers = new TrailersResponse() } },
        { "3200", new ProcessingResponse { ResponseTrailers = new TrailersResponse() } },
        { "0a230a21121f0a0c0a080a03782d611a01311802120f6163636570742d656e636f64696e67", new ProcessingResponse { RequestHeaders = new HeadersResponse { Response = new CommonResponse { HeaderMutation = Mutation("x-a", "1", "accept-encoding") } } } },
        { "1a080a061a040a026f6b", Chunk(new BodyMutation { Body = ByteString.CopyFromUtf8("ok") }) },
        { "1a060a041a021001", Chunk(new BodyMutation { Cleared = true }) },
        {
            "220c0a0a1a081a060a026f6b1001",
            new ProcessingResponse { ResponseBody = new BodyResponse { Response = new CommonResponse { BodyMutation = new BodyMutation { StreamedResponse = new StreamedBodyResponse { Body = ByteString.CopyFromUtf8("ok"), EndOfStream = true } } } } }
        },
        {
            "3a3e0a0308930312240a220a200a0c636f6e74656e742d747970651a106170706c69636174696f6e2f6a736f6e1a027b7d2a0d6c657468655f626c6f636b6564",
            new ProcessingResponse { ImmediateResponse = new ImmediateResponse { Status = new HttpStatus { Code = StatusCode.Forbidden }, Headers = Mutation("content-type", "application/json", null, HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd), Body = ByteString.CopyFromUtf8("{}"), Details = "lethe_blocked" } }
        },
        {
            "12004a0410012001",
            new ProcessingResponse { ResponseHeaders = new HeadersResponse(), ModeOverride = new ProcessingMode { ResponseHeaderMode = ProcessingMode.Types.HeaderSendMode.Send, ResponseBodyMode = ProcessingMode.Types.BodySendMode.Streamed } }
        },
        { "52020805", new ProcessingResponse { OverrideMessageTimeout = new Duration { Seconds = 5 } } },
    };

    [Theory]
    [MemberData(nameof(Table), DisableDiscoveryEnumeration = true)]
    public void Every_field_has_envoys_number_and_type(MessageDescriptor message, string expected) =>
        Assert.Equal(expected, string.Join(' ', message.Fields.InFieldNumberOrder().Select(field => $"{field.FieldNumber}:{TypeOf(field)}")));

    [Fact]
    public void The_oneofs_hold_what_envoys_hold()
    {
        Assert.Equal([2, 3, 4, 5, 6, 7], ProcessingRequest.Descriptor.Oneofs.Single().Fields.Select(field => field.FieldNumber).Order());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 11], ProcessingResponse.Descriptor.Oneofs.Single().Fields.Select(field => field.FieldNumber).Order());
        Assert.Equal([1, 2, 3], BodyMutation.Descriptor.Oneofs.Single().Fields.Select(field => field.FieldNumber).Order());
        Assert.Equal("envoy.service.ext_proc.v3.ExternalProcessor", ExternalProcessorReflection.Descriptor.Services.Single().FullName);
    }

    [Theory]
    [MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public void A_request_is_the_bytes_that_envoys_own_files_give(string hex, ProcessingRequest message) => Same(hex, message, ProcessingRequest.Parser);

    [Theory]
    [MemberData(nameof(Answers), DisableDiscoveryEnumeration = true)]
    public void An_answer_is_the_bytes_that_envoys_own_files_give(string hex, ProcessingResponse message) => Same(hex, message, ProcessingResponse.Parser);

    private static void Same<T>(string hex, T message, MessageParser<T> parser)
        where T : IMessage<T>
    {
        Assert.Equal(hex, Convert.ToHexStringLower(message.ToByteArray()));
        Assert.Equal(message, parser.ParseFrom(Convert.FromHexString(hex)));
    }

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            var entry = field.MessageType.Fields.InFieldNumberOrder();
            return $"<{TypeOf(entry[0])},{TypeOf(entry[1])}>";
        }

        var type = field.FieldType switch
        {
            FieldType.Message => field.MessageType.Name,
            FieldType.Enum => field.EnumType.Name,
            var plain => plain.ToString().ToLowerInvariant(),
        };
        return field.IsRepeated ? type + "[]" : type;
    }

    private static ProcessingRequest First()
    {
        var first = new ProcessingRequest
        {
            RequestHeaders = Messages.Headers(false, (":method", "POST"), (":path", "/v1/messages")),
            ProtocolConfig = new ProtocolConfiguration
            {
                RequestBodyMode = ProcessingMode.Types.BodySendMode.Streamed,
                ResponseBodyMode = ProcessingMode.Types.BodySendMode.FullDuplexStreamed,
                SendBodyWithoutWaitingForHeaderResponse = true,
            },
        };
        first.RequestHeaders.Headers.Headers.Add(new HeaderValue { Key = "x", Value = "v" });
        return first.Telling(("request.id", Value.ForString("r1")));
    }

    private static HeaderMutation Mutation(string name, string value, string? removed, HeaderValueOption.Types.HeaderAppendAction action = HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd)
    {
        var mutation = new HeaderMutation();
        mutation.SetHeaders.Add(new HeaderValueOption { Header = new HeaderValue { Key = name, RawValue = ByteString.CopyFromUtf8(value) }, AppendAction = action });
        if (removed is not null)
        {
            mutation.RemoveHeaders.Add(removed);
        }

        return mutation;
    }

    private static ProcessingResponse Chunk(BodyMutation mutation) =>
        new() { RequestBody = new BodyResponse { Response = new CommonResponse { BodyMutation = mutation } } };
}
