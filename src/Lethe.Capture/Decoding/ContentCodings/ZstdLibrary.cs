using System.Runtime.InteropServices;

namespace Lethe.Capture.Decoding.ContentCodings;

/// <summary>The few entry points of libzstd's streaming decoder (zstd.h, stable since 1.4).</summary>
internal static partial class ZstdLibrary
{
    public const int ParameterWindowLogMax = 100;

    private const string Name = "libzstd.so.1";

    /// <summary>False where the system has no libzstd: bodies coded with it stay undecoded, with a reason.</summary>
    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Name, out _);

    [LibraryImport(Name, EntryPoint = "ZSTD_createDStream")]
    public static partial ZstdStream CreateStream();

    [LibraryImport(Name, EntryPoint = "ZSTD_DCtx_setParameter")]
    public static partial nuint SetParameter(ZstdStream stream, int parameter, int value);

    [LibraryImport(Name, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint Decompress(ZstdStream stream, ref Buffer output, ref Buffer input);

    [LibraryImport(Name, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint result);

    [LibraryImport(Name, EntryPoint = "ZSTD_freeDStream")]
    private static partial nuint FreeStream(nint stream);

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer: the same layout.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public nint Start;
        public nuint Size;
        public nuint Position;
    }

    /// <summary>A decoder's state, freed with its handle.</summary>
    public sealed class ZstdStream() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => FreeStream(handle) == 0;
    }
}
