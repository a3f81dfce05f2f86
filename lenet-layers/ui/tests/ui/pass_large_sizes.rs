//! Sides of cameras and screens, and the units of large maps.
use lenet_layers::*;

sequential! {
    pub struct Vga, trace VgaTrace {
        input:                       Maps<1, 480, 640>;
        c1:   Conv2d<1, 2, 5, Tanh> => Maps<2, 476, 636>;
        s2:   AvgPool<2>            => Maps<2, 238, 318>;
    }
}
sequential! {
    pub struct Odd, trace OddTrace {
        input:                       Maps<1, 600, 601>;
        c1:   Conv2d<1, 1, 2, Tanh> => Maps<1, 599, 600>;
    }
}
sequential! {
    pub struct Screen, trace ScreenTrace {
        input:                       Maps<1, 1080, 1280>;
        c1:   Conv2d<1, 1, 5, Tanh> => Maps<1, 1076, 1276>;
        s2:   AvgPool<4>            => Maps<1, 269, 319>;
    }
}
sequential! {
    pub struct Flat, trace FlatTrace {
        input:         Maps<64, 224, 224>;
        flat: Flatten => Units<3_211_264>;
    }
}

#[test]
fn sizes_of_cameras_and_screens() {
    assert_eq!(<Vga<f32> as Network>::STAGES[0].connections, 2 * 476 * 636 * 26);
    assert_eq!(<Odd<f32> as Network>::STAGES[0].dims, [1, 599, 600]);
    assert_eq!(<Screen<f32> as Network>::STAGES[1].dims, [1, 269, 319]);
    assert_eq!(<Flat<f32> as Network>::STAGES[0].dims, [3_211_264]);
}
