using System.Security.Cryptography;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>A file (0600) that appears under its name whole, or not at all. What lies there before, a link too, is replaced and never written through.</summary>
internal sealed class PrivateFile : IAsyncDisposable
{
    private const int BufferBytes = 128 * 1024;
    private const int NameBytes = 8;

    private readonly string path;
    private readonly string unfinished;
    private bool keep;

    /// <exception cref="CommandFailure">The directory is not there or not writable, or a directory has the name.</exception>
    public PrivateFile(string path)
    {
        this.path = Path.GetFullPath(path);
        // Nobody can be there before: the name is not to be guessed, and a file that exists is not opened.
        unfinished = $"{this.path}.{RandomNumberGenerator.GetHexString(2 * NameBytes, lowercase: true)}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = BufferBytes };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            Content = Directory.Exists(this.path) ? throw new IOException("it is a directory.") : new FileStream(unfinished, options);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment($"{path} cannot be written: {fault.Message}", fault);
        }
    }

    public FileStream Content { get; }

    /// <summary>All was written: disposal gives the file its name.</summary>
    public void Keep() => keep = true;

    /// <exception cref="CommandFailure">The disk takes no more.</exception>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (keep)
            {
                await Content.FlushAsync();
                Content.Flush(flushToDisk: true);
            }

            await Content.DisposeAsync();
            if (keep)
            {
                File.Move(unfinished, path, overwrite: true);
            }
        }
        catch (IOException fault)
        {
            keep = false;
            throw CommandFailure.Environment($"{path} cannot be written: {fault.Message}", fault);
        }
        finally
        {
            if (!keep)
            {
                File.Delete(unfinished);
            }
        }
    }
}
