using Grpc.Core;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>
/// <c>envoy.service.ext_proc.v3.ExternalProcessor/Process</c>. Its messages are made by hand: what protoc generates would copy each body twice,
/// and make objects of answers that are seven bytes long.
/// </summary>
internal static class ProcessMethod
{
    public const string Service = "envoy.service.ext_proc.v3.ExternalProcessor";

    public static Method<ProcessorMessage, ProcessorAnswer> Definition { get; } = new(
        MethodType.DuplexStreaming,
        Service,
        "Process",
        Marshallers.Create<ProcessorMessage>(static (_, _) => throw new NotSupportedException("Only a data plane sends these."), ProcessorMessage.Read),
        Marshallers.Create<ProcessorAnswer>(static (answer, output) => answer.Write(output), static _ => throw new NotSupportedException("Only a data plane reads these.")));
}
